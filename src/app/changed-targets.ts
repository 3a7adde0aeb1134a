import type { Config } from '../config/config.ts';
import type { Target } from '../core/candidate.ts';

/** Ids of targets that are gone, or that are called in another way than before. Weights and timeouts do not count. */
export function changedTargets(old: Config, next: Config): readonly string[] {
  const now = new Map(targetsOf(next).map((target) => [target.id, identityOf(target)]));
  return targetsOf(old).flatMap((target) => (now.get(target.id) === identityOf(target) ? [] : [target.id]));
}

const targetsOf = ({ models }: Config): readonly Target[] => models.flatMap(({ targets }) => targets);

const identityOf = ({ backend, baseUrl, upstreamModel, apiKey, options }: Target): string =>
  JSON.stringify([backend, baseUrl, upstreamModel, apiKey, options]);
