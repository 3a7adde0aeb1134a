import { createHash } from 'node:crypto';
import type { Model } from '../core/candidate.ts';
import type { EstimatorSlots } from './predictor.ts';

/** What a decision depends on besides the query and what was learned online. */
export interface PolicyIdentity {
  readonly policy: string;
  readonly options: unknown;
  readonly lambda: number | null;
  readonly epsilon: number;
  readonly embedder: string | null;
  readonly models: readonly Model[];
  /** Of the rule that chooses between vector spaces; left out where none does. */
  readonly spaces?: string | undefined;
}

/** 12 hex digits that change with the policy, its options, the estimators' artefact or the candidates' configuration. */
export function policyVersion(identity: PolicyIdentity, slots: EstimatorSlots): string {
  const { models, ...rest } = identity;
  const estimators = Object.fromEntries(
    Object.entries(slots).map(([quantity, { name, fingerprint }]) => [quantity, { name, fingerprint }]),
  );
  // Named one by one: a target also holds a secret.
  const candidates = models.map(({ id, price, contextTokens, capabilities, profile, targets }) => ({
    id,
    price,
    contextTokens,
    capabilities: capabilities && [...capabilities].sort(),
    ...(profile && { profile }),
    targets: targets.map(({ id, upstreamModel, local, region }) => ({ id, upstreamModel, local, region })),
  }));
  return digest({ ...rest, estimators, candidates });
}

/** 12 hex digits that change with the policy and its options: what it remembers means nothing under others. */
export function memoryFingerprint(policy: string, options: unknown): string {
  return digest({ policy, options });
}

const digest = (value: unknown): string => createHash('sha256').update(stable(value)).digest('hex').slice(0, 12);

/** JSON whose keys are sorted, so that the order in which somebody wrote options does not matter. */
function stable(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
