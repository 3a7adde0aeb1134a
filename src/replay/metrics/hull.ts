import type { Point } from './point.ts';

/**
 * The non-decreasing upper concave hull of points in the cost-quality plane, from its cheapest point to its best.
 *
 * Any mean between two points can be had by choosing at random between them for each query, so every point on a segment
 * is reachable, and quality at a cost is never less than at a smaller one (money may be left unspent). Sort by cost (of
 * equal costs the best stays), drop points that are not above all cheaper ones, then keep right turns only.
 * Source: RouterBench (Hu et al., arXiv 2403.12031), section 3. Empty in, empty out.
 */
export function upperHull(points: readonly Point[]): Point[] {
  const sorted = [...points].sort((a, b) => a.costUsd - b.costUsd || b.quality - a.quality);
  const hull: Point[] = [];
  let best = Number.NEGATIVE_INFINITY;
  for (const point of sorted) {
    if (point.quality <= best) continue;
    best = point.quality;
    for (;;) {
      const last = hull.at(-1);
      const before = hull.at(-2);
      if (last === undefined || before === undefined) break;
      const turn =
        (last.costUsd - before.costUsd) * (point.quality - before.quality) -
        (last.quality - before.quality) * (point.costUsd - before.costUsd);
      if (turn < 0) break;
      hull.pop();
    }
    hull.push(point);
  }
  return hull;
}

/** Quality of a hull at a cost: on its segments, flat after its best point; null below its cheapest point. */
export function hullQuality(hull: readonly Point[], costUsd: number): number | null {
  let left: Point | undefined;
  for (const point of hull) {
    if (point.costUsd > costUsd) {
      if (left === undefined) return null;
      const share = (costUsd - left.costUsd) / (point.costUsd - left.costUsd);
      return left.quality + share * (point.quality - left.quality);
    }
    left = point;
  }
  return left?.quality ?? null;
}

/** The least cost at which a hull has a quality; null where it never does. */
export function hullCost(hull: readonly Point[], quality: number): number | null {
  let left: Point | undefined;
  for (const point of hull) {
    if (point.quality >= quality) {
      if (left === undefined) return point.costUsd;
      const share = (quality - left.quality) / (point.quality - left.quality);
      return left.costUsd + share * (point.costUsd - left.costUsd);
    }
    left = point;
  }
  return null;
}

/** The exact integral of a hull over [from, to]; below its cheapest point it counts as `floor`, after its best it is flat. */
export function integrateHull(hull: readonly Point[], from: number, to: number, floor: number): number {
  const first = hull[0];
  if (first === undefined || to <= from) return 0;
  let area = Math.max(0, Math.min(first.costUsd, to) - from) * floor;
  let left = first;
  for (const right of hull.slice(1)) {
    area += segmentArea(left, right, from, to);
    left = right;
  }
  return area + Math.max(0, to - Math.max(left.costUsd, from)) * left.quality;
}

function segmentArea(left: Point, right: Point, from: number, to: number): number {
  const start = Math.max(left.costUsd, from);
  const end = Math.min(right.costUsd, to);
  if (end <= start) return 0;
  const slope = (right.quality - left.quality) / (right.costUsd - left.costUsd);
  return (end - start) * (left.quality + slope * ((start + end) / 2 - left.costUsd));
}
