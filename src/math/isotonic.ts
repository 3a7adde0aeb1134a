/** A non-decreasing step function, drawn through the middle of its steps. */
export interface Isotonic {
  /** Rising. */
  readonly from: Float64Array;
  /** Non-decreasing, as long as `from`. */
  readonly to: Float64Array;
}

/**
 * The non-decreasing function with the least weighted squared error (pool adjacent violators; Ayer and others 1955).
 * Pairs of equal `scores` are one point. @param scores in any order.
 */
export function fitIsotonic(scores: Float64Array, values: Float64Array): Isotonic {
  const order = Uint32Array.from(scores.keys()).sort(
    (a, b) => (scores[a] ?? 0) - (scores[b] ?? 0) || (values[a] ?? 0) - (values[b] ?? 0),
  );
  interface Block {
    weight: number;
    score: number;
    value: number;
    last: number;
  }
  const blocks: Block[] = [];
  for (const i of order) {
    const score = scores[i] ?? 0;
    const fresh: Block = { weight: 1, score, value: values[i] ?? 0, last: score };
    const tie = blocks.at(-1);
    if (tie?.last === score) merge(tie, fresh);
    else blocks.push(fresh);
    for (;;) {
      const upper = blocks.at(-1);
      const lower = blocks.at(-2);
      if (upper === undefined || lower === undefined || lower.value < upper.value) break;
      merge(lower, upper);
      blocks.pop();
    }
  }
  return {
    from: Float64Array.from(blocks, ({ score }) => score),
    to: Float64Array.from(blocks, ({ value }) => value),
  };
}

function merge(
  into: { weight: number; score: number; value: number; last: number },
  other: { readonly weight: number; readonly score: number; readonly value: number; readonly last: number },
): void {
  const total = into.weight + other.weight;
  into.score += (other.weight * (other.score - into.score)) / total;
  into.value += (other.weight * (other.value - into.value)) / total;
  into.weight = total;
  into.last = other.last;
}

/** Between the middles of two steps along the line between them; beyond the outermost, flat. Empty: the score itself. */
export function isotonicAt({ from, to }: Isotonic, score: number): number {
  const last = from.length - 1;
  if (last < 0) return score;
  if (score <= (from[0] ?? 0)) return to[0] ?? 0;
  if (score >= (from[last] ?? 0)) return to[last] ?? 0;
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((from[middle] ?? 0) <= score) low = middle;
    else high = middle;
  }
  const left = from[low] ?? 0;
  const share = (score - left) / ((from[high] ?? 0) - left);
  return (to[low] ?? 0) + share * ((to[high] ?? 0) - (to[low] ?? 0));
}
