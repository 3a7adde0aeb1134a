import type { TrainingRows } from '../core/estimator.ts';
import { minimise } from './lbfgs.ts';
import { linkOf } from './link.ts';
import { factCount, factFeatures, type ModelFacts } from './model-facts.ts';
import { canonicalOrder } from './row-order.ts';
import { dot } from './vectors.ts';

/** What makes a model right on a query, from what is known of both beforehand. */
export interface AbilityFit {
  /** [factCount x (D + 1)] one linear reader of the query per fact of the model; the last number of each is its intercept. */
  readonly readers: Float64Array;
  /** [M] what each model of the training is better by than its facts say, on the logistic scale. */
  readonly extras: Float64Array;
}

const iterations = 150;
const tolerance = 1e-5;
/** Keeps the intercepts apart where facts go together in every model. */
const interceptPenalty = 1;

/**
 * Logistic regression of quality on facts of the model times the query: logit = sum over k of f_k(m) (A_k . [x, 1]) + u_m.
 * Convex. Each row counts 1, however many models answered it. Where size and price are both known, each is hidden from a third of
 * the cells, so that either alone is learned to do.
 *
 * @param facts [M]
 * @param alpha penalty on the readers. @param extraPenalty on u.
 */
export function fitAbility(
  rows: TrainingRows,
  facts: readonly ModelFacts[],
  alpha: number,
  extraPenalty: number,
): AbilityFit {
  const { dimensions, embeddings, values } = rows;
  const models = facts.length;
  const width = dimensions + 1;
  const order = canonicalOrder(rows);
  const features = facts.map((each) => hidden(each).map(factFeatures));
  const link = linkOf('quality');
  const input = new Float64Array(dimensions);
  const scores = new Float64Array(factCount);
  const slopes = new Float64Array(factCount);
  const extrasAt = factCount * width;
  const point = new Float64Array(extrasAt + models);
  const none = new Float64Array(factCount);
  minimise(
    (at, gradient) => {
      let loss = 0;
      for (let i = 0; i < at.length; i++) {
        const penalty = i >= extrasAt ? extraPenalty : i % width === dimensions ? interceptPenalty : alpha;
        gradient[i] = penalty * (at[i] ?? 0);
        loss += (penalty / 2) * (at[i] ?? 0) ** 2;
      }
      for (let place = 0; place < order.length; place++) {
        const row = order[place] ?? 0;
        let seen = 0;
        for (let m = 0; m < models; m++) if (!Number.isNaN(values[row * models + m] ?? NaN)) seen++;
        if (seen === 0) continue;
        for (let i = 0; i < dimensions; i++) input[i] = embeddings[row * dimensions + i] ?? 0;
        for (let k = 0; k < factCount; k++) {
          scores[k] = dot(input, at, k * width, dimensions) + (at[k * width + dimensions] ?? 0);
        }
        slopes.fill(0);
        for (let m = 0; m < models; m++) {
          const value = values[row * models + m] ?? NaN;
          if (Number.isNaN(value)) continue;
          const own = features[m]?.[(place * 7 + m) % 3] ?? none;
          const score = dot(own, scores, 0, factCount) + (at[extrasAt + m] ?? 0);
          loss += link.loss(score, value) / seen;
          const slope = (link.mean(score) - value) / seen;
          for (let k = 0; k < factCount; k++) slopes[k] = (slopes[k] ?? 0) + slope * (own[k] ?? 0);
          gradient[extrasAt + m] = (gradient[extrasAt + m] ?? 0) + slope;
        }
        for (let k = 0; k < factCount; k++) {
          const slope = slopes[k] ?? 0;
          const from = k * width;
          for (let i = 0; i < dimensions; i++) gradient[from + i] = (gradient[from + i] ?? 0) + slope * (input[i] ?? 0);
          gradient[from + dimensions] = (gradient[from + dimensions] ?? 0) + slope;
        }
      }
      return loss;
    },
    point,
    tolerance * order.length,
    iterations,
  );
  return { readers: point.slice(0, extrasAt), extras: point.slice(extrasAt) };
}

/** Three ways to know a model: all of it, without its price, without its size. */
function hidden(facts: ModelFacts): readonly ModelFacts[] {
  if (facts.sizeBillions === null || facts.outputPrice === null) return [facts, facts, facts];
  return [facts, { ...facts, outputPrice: null }, { ...facts, sizeBillions: null }];
}
