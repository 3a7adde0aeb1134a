import type { Command } from 'commander';
import { PointsmanError } from '../core/errors.ts';

/** The three things that `pointsman replay` does, and which flags say anything to each beside those that all know. */
const flagsOf = {
  data: [
    'train',
    'artefact',
    'estimator',
    'predictions',
    'embeddings',
    'models',
    'cost',
    'pool',
    'protocol',
    'strong',
    'weak',
    'strict',
    'resamples',
    'folds',
    'execTimeout',
  ],
  online: [
    'train',
    'estimator',
    'online',
    'steps',
    'seeds',
    'lambda',
    'budget',
    'epsilon',
    'segments',
    'start',
    'order',
    'labelled',
    'delay',
    'poisoned',
    'event',
  ],
  log: ['route', 'lambda', 'resamples'],
} as const;
const everywhere = ['test', 'policy', 'seed', 'threads', 'cache', 'text', 'json', 'out'];
const nameOf = { data: 'a replay of data', online: 'replay --online', log: 'the replay of a log' } as const;

/** Throws `invalid_config` for a flag that was given and would be passed over in silence. */
export function refuseOtherModes(command: Command, mode: keyof typeof flagsOf): void {
  const known: readonly string[] = [...flagsOf[mode], ...everywhere];
  const stray = command.options.find((option) => {
    const name = option.attributeName();
    return !known.includes(name) && command.getOptionValueSource(name) === 'cli';
  });
  if (stray === undefined) return;
  throw new PointsmanError('invalid_config', `${nameOf[mode]} knows no ${stray.long ?? stray.flags}; leave it out.`, {
    param: stray.attributeName(),
  });
}
