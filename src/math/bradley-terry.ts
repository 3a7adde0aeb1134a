import { invertPacked } from './cholesky.ts';

const steps = 50;
/** Of a strength: far below what moves a prediction. */
const tolerance = 1e-10;

/**
 * Strengths of M players from weighted games: the maximum of sum over pairs of wins_ab x log sigma(s_a − s_b), with mean
 * zero (Bradley and Terry 1952), by Newton's method. Every pair needs a win on both sides, or strengths run away.
 *
 * @param wins [M x M] row a, column b: the weight of the games that a won against b; a tie is half a win each.
 * @param out [M] where to start, and the strengths.
 */
export function bradleyTerry(wins: Float64Array, out: Float64Array): void {
  const models = out.length;
  const gradient = new Float64Array(models);
  const hessian = new Float64Array((models * (models + 1)) / 2);
  const trial = new Float64Array(models);
  let total = 0;
  for (const weight of wins) total += weight;
  if (!(total > 0) || models < 2) return void out.fill(0);
  let value = likelihood(wins, out, total);
  for (let step = 0; step < steps; step++) {
    gradient.fill(0);
    // The likelihood does not know the mean strength; this holds it at zero and leaves everything else alone.
    hessian.fill(1 / models);
    for (let a = 0; a < models; a++) {
      for (let b = 0; b < a; b++) {
        const won = (wins[a * models + b] ?? 0) / total;
        const games = won + (wins[b * models + a] ?? 0) / total;
        const chance = 1 / (1 + Math.exp((out[b] ?? 0) - (out[a] ?? 0)));
        const slope = won - games * chance;
        const curve = games * chance * (1 - chance);
        gradient[a] = (gradient[a] ?? 0) + slope;
        gradient[b] = (gradient[b] ?? 0) - slope;
        hessian[packed(a, a)] = (hessian[packed(a, a)] ?? 0) + curve;
        hessian[packed(b, b)] = (hessian[packed(b, b)] ?? 0) + curve;
        hessian[packed(a, b)] = (hessian[packed(a, b)] ?? 0) - curve;
      }
    }
    if (!invertPacked(hessian, models)) return;
    let moved = 0;
    for (let length = 1; length > 1e-6; length /= 2) {
      moved = 0;
      for (let a = 0; a < models; a++) {
        let change = 0;
        for (let b = 0; b < models; b++)
          change += (hessian[packed(Math.max(a, b), Math.min(a, b))] ?? 0) * (gradient[b] ?? 0);
        trial[a] = (out[a] ?? 0) + length * change;
        moved = Math.max(moved, Math.abs(length * change));
      }
      const reached = likelihood(wins, trial, total);
      if (reached < value) continue;
      value = reached;
      out.set(trial);
      break;
    }
    if (moved < tolerance) return;
  }
}

/** Of the lower triangle, row after row. */
const packed = (row: number, column: number): number => (row * (row + 1)) / 2 + column;

function likelihood(wins: Float64Array, strengths: Float64Array, total: number): number {
  const models = strengths.length;
  let sum = 0;
  for (let a = 0; a < models; a++) {
    for (let b = 0; b < models; b++) {
      const won = wins[a * models + b] ?? 0;
      if (won === 0) continue;
      const lead = (strengths[a] ?? 0) - (strengths[b] ?? 0);
      sum -= (won / total) * (Math.max(0, -lead) + Math.log1p(Math.exp(-Math.abs(lead))));
    }
  }
  return sum;
}
