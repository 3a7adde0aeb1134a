import { PointsmanError } from '../core/errors.ts';
import type { Catalogue } from '../routing/catalogue.ts';
import type { Options } from './cross-predict.ts';
import type { RouterFile } from './outside/predictions-file.ts';

/** A policy of the catalogue and its options as somebody wrote them. `exec:COMMAND` is a program of somebody else. */
export interface PolicyToReplay {
  readonly name: string;
  readonly options?: Options | undefined;
}

type Estimates = Extract<RouterFile, { readonly type: 'estimates' }>;
type Choices = Extract<RouterFile, { readonly type: 'choices' }>;

/** Who takes part. */
export type Contender =
  /** `estimator` null where the policy reads no prediction. */
  | { readonly type: 'policy'; readonly policy: PolicyToReplay; readonly estimator: string | null }
  | { readonly type: 'estimates'; readonly policy: PolicyToReplay; readonly file: Estimates }
  | { readonly type: 'choices'; readonly file: Choices }
  | { readonly type: 'exec'; readonly command: string };

/**
 * Whose code made a router's choices: ours, after a paper; its authors'; or theirs for predictions and ours for the
 * rule that trades them off.
 */
export type Origin = 'reimplemented here' | 'original code' | 'original predictions, our rule';

const execPrefix = 'exec:';

/** Throws `invalid_config` for a policy that the catalogue lacks and for an empty command. */
export function contendersOf(
  policies: readonly PolicyToReplay[],
  estimators: readonly string[],
  files: readonly RouterFile[],
  catalogue: Catalogue,
): readonly Contender[] {
  const choices = files.filter((file) => file.type === 'choices');
  const estimates = files.filter((file) => file.type === 'estimates');
  return [
    ...policies.flatMap((policy): readonly Contender[] => {
      if (policy.name.startsWith(execPrefix)) return [{ type: 'exec', command: commandOf(policy.name) }];
      const definition = catalogue.policies.get(policy.name);
      if (definition === undefined) {
        const known = [...catalogue.policies.keys()].join(', ');
        throw new PointsmanError('invalid_config', `there is no policy "${policy.name}"; there is ${known}.`, {
          param: 'policy',
        });
      }
      if (definition.uses.length === 0) return [{ type: 'policy', policy, estimator: null }];
      return [
        ...estimators.map((estimator): Contender => ({ type: 'policy', policy, estimator })),
        ...estimates.map((file): Contender => ({ type: 'estimates', policy, file })),
      ];
    }),
    ...choices.map((file): Contender => ({ type: 'choices', file })),
  ];
}

function commandOf(name: string): string {
  const command = name.slice(execPrefix.length).trim();
  if (command !== '') return command;
  throw new PointsmanError('invalid_config', 'policy "exec:" needs a command: exec:python3 router.py.', {
    param: 'policy',
  });
}
