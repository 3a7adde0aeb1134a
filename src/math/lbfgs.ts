import { dot } from './vectors.ts';

/** Fills in the gradient at `point` and gives the value there. */
export type Objective = (point: Float64Array, gradient: Float64Array) => number;

const memory = 10;
const mostHalvings = 30;

/**
 * Minimises a smooth convex function from `point`, in place: limited-memory BFGS (Nocedal and Wright, algorithm 7.5)
 * with backtracking to sufficient decrease. Ends when no element of the gradient exceeds `tolerance`, when no step
 * decreases the value any more, or after `iterations`. Gives the iterations done.
 */
export function minimise(objective: Objective, point: Float64Array, tolerance: number, iterations: number): number {
  const n = point.length;
  const gradient = new Float64Array(n);
  const trial = new Float64Array(n);
  const trialGradient = new Float64Array(n);
  const direction = new Float64Array(n);
  const steps: { readonly moved: Float64Array; readonly turned: Float64Array; readonly curvature: number }[] = [];
  let value = objective(point, gradient);
  for (let iteration = 0; iteration < iterations; iteration++) {
    let steepest = 0;
    for (let i = 0; i < n; i++) steepest = Math.max(steepest, Math.abs(gradient[i] ?? 0));
    if (!(steepest > tolerance)) return iteration;
    twoLoops(steps, gradient, direction);
    let slope = dot(gradient, direction, 0, n);
    if (!(slope < 0)) {
      steps.length = 0;
      for (let i = 0; i < n; i++) direction[i] = -(gradient[i] ?? 0);
      slope = dot(gradient, direction, 0, n);
    }
    // The first direction is the bare gradient, whose length says nothing of the distance.
    let length = steps.length === 0 ? 1 / Math.sqrt(-slope) : 1;
    let next = value;
    let halvings = 0;
    for (; halvings < mostHalvings; halvings++, length /= 2) {
      for (let i = 0; i < n; i++) trial[i] = (point[i] ?? 0) + length * (direction[i] ?? 0);
      next = objective(trial, trialGradient);
      if (next <= value + 1e-4 * length * slope) break;
    }
    if (halvings === mostHalvings) return iteration;
    const moved = new Float64Array(n);
    const turned = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      moved[i] = (trial[i] ?? 0) - (point[i] ?? 0);
      turned[i] = (trialGradient[i] ?? 0) - (gradient[i] ?? 0);
    }
    const curvature = dot(moved, turned, 0, n);
    if (curvature > 1e-12) steps.push({ moved, turned, curvature });
    if (steps.length > memory) steps.shift();
    point.set(trial);
    gradient.set(trialGradient);
    value = next;
  }
  return iterations;
}

/** −H x gradient, where H is the inverse Hessian that the steps tell of. */
function twoLoops(
  steps: readonly { readonly moved: Float64Array; readonly turned: Float64Array; readonly curvature: number }[],
  gradient: Float64Array,
  direction: Float64Array,
): void {
  const n = gradient.length;
  direction.set(gradient);
  const shares: number[] = [];
  for (let s = steps.length - 1; s >= 0; s--) {
    const step = steps[s];
    if (step === undefined) continue;
    const share = dot(step.moved, direction, 0, n) / step.curvature;
    shares[s] = share;
    for (let i = 0; i < n; i++) direction[i] = (direction[i] ?? 0) - share * (step.turned[i] ?? 0);
  }
  const last = steps.at(-1);
  const scale = last === undefined ? 1 : last.curvature / dot(last.turned, last.turned, 0, n);
  for (let i = 0; i < n; i++) direction[i] = (direction[i] ?? 0) * scale;
  steps.forEach((step, s) => {
    const back = (shares[s] ?? 0) - dot(step.turned, direction, 0, n) / step.curvature;
    for (let i = 0; i < n; i++) direction[i] = (direction[i] ?? 0) + back * (step.moved[i] ?? 0);
  });
  for (let i = 0; i < n; i++) direction[i] = -(direction[i] ?? 0);
}
