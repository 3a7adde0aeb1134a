import type { Target } from '../core/candidate.ts';

/** Weighted choice by a number in [0, 1); null where there is nothing to choose from. All weights 0 count as equal. */
export function pickTarget(targets: readonly Target[], uniform: number): Target | null {
  const [only] = targets;
  if (targets.length <= 1) return only ?? null;
  let sum = 0;
  for (const { weight } of targets) sum += weight;
  if (sum <= 0) return targets[Math.floor(uniform * targets.length)] ?? null;
  let left = uniform * sum;
  for (const target of targets) {
    left -= target.weight;
    if (left < 0) return target;
  }
  return targets.findLast(({ weight }) => weight > 0) ?? null;
}
