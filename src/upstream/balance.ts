import type { Balance, Target } from '../core/candidate.ts';
import { hash32 } from '../core/random.ts';
import { pickTarget } from './pick.ts';
import { shareOf, type TargetLoads } from './target-loads.ts';

/** How far above its fair share of calls a target may be and still keep its conversations. */
const headroom = 1.25;

/** What a balance needs to know of the request. */
export interface Balanced {
  /** The conversation's head; null where it has none. Asked for only where it is needed. */
  readonly head: string | null;
  /** In [0, 1): chance that depends on this request alone. */
  readonly uniform: number;
}

/** One of these targets, by the model's rule; null of none. */
export function balance(
  rule: Balance,
  targets: readonly Target[],
  loads: TargetLoads,
  request: Balanced,
): Target | null {
  if (targets.length <= 1) return targets[0] ?? null;
  switch (rule) {
    case 'weighted':
      return pickTarget(targets, request.uniform);
    case 'least-load':
      return least(targets, (target) => (loads.calls(target.id) + 1) / shareOf(target), request.uniform);
    case 'length-aware':
      return least(targets, (target) => (loads.tokens(target.id) + 1) / shareOf(target), request.uniform);
    case 'prefix-affine':
      return request.head === null
        ? least(targets, (target) => (loads.calls(target.id) + 1) / shareOf(target), request.uniform)
        : affine(targets, request.head, loads);
    default:
      return rule satisfies never;
  }
}

function least(targets: readonly Target[], loadOf: (target: Target) => number, uniform: number): Target | null {
  let best: Target[] = [];
  let lowest = Infinity;
  for (const target of targets) {
    const load = loadOf(target);
    if (load > lowest) continue;
    if (load < lowest) best = [];
    lowest = load;
    best.push(target);
  }
  return best[Math.floor(uniform * best.length)] ?? null;
}

/**
 * Weighted rendezvous hashing (Thaler and Ravishankar 1998; weights by Schindelhauer and Schomaker 2005) with bounded
 * loads (Mirrokni, Thorup and Zadimoghaddam, arXiv 1608.01350): the target with the highest -weight / ln(hash) that is
 * not above `headroom` times its share of all calls. When a target comes or goes only its own conversations move.
 */
function affine(targets: readonly Target[], head: string, loads: TargetLoads): Target | null {
  let calls = 1;
  let shares = 0;
  for (const target of targets) {
    calls += loads.calls(target.id);
    shares += shareOf(target);
  }
  const ranked = targets
    .map((target) => ({ target, score: -shareOf(target) / Math.log((hash32(`${head} ${target.id}`) + 1) / 2 ** 32) }))
    .sort((a, b) => b.score - a.score);
  const free = ranked.find(({ target }) => {
    const bound = Math.ceil((headroom * calls * shareOf(target)) / shares);
    return loads.calls(target.id) < bound;
  });
  return (free ?? ranked[0])?.target ?? null;
}
