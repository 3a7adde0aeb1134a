import type { Target } from '../core/candidate.ts';
import type { Random } from '../core/random.ts';

/** Weighted random choice; null where there is nothing to choose from. All weights 0 count as equal. */
export function pickTarget(targets: readonly Target[], random: Random): Target | null {
  const [only] = targets;
  if (targets.length <= 1) return only ?? null;
  let sum = 0;
  for (const { weight } of targets) sum += weight;
  if (sum <= 0) return targets[random.integer(targets.length)] ?? null;
  let left = random.next() * sum;
  for (const target of targets) {
    left -= target.weight;
    if (left < 0) return target;
  }
  return targets.findLast(({ weight }) => weight > 0) ?? null;
}
