import { Type } from 'typebox';
import type { Candidate } from '../core/candidate.ts';
import { defineEstimator } from '../core/estimator.ts';
import { fitAbility } from '../math/ability-fit.ts';
import { linkOf } from '../math/link.ts';
import { factCount, factFeatures, factsOf, thinks, withoutPrice } from '../math/model-facts.ts';
import { ModelIndex } from '../math/model-index.ts';
import { priorOutputTokens } from '../math/price.ts';
import { ResidualModels } from '../math/residual-models.ts';
import {
  addMoments,
  deviationOf,
  meanOf,
  momentWidth,
  priorBelief,
  shrink,
  widestQuality,
  type Belief,
} from '../math/running-mean.ts';
import { canonicalOrder } from '../math/row-order.ts';
import { StateReader } from '../math/state-reader.ts';
import { checkTrainingRows, inRange } from '../math/training-rows.ts';
import { clamp, dot, norm } from '../math/vectors.ts';

const version = 1;
/** Models whose facts are kept. */
const mostRead = 4096;
/** A corrected cost is held above this share of what the model costs on average. */
const leastShare = 0.02;

/** What a model never seen will make of a query: from its name, its price and the text alone. */
export default defineEstimator({
  summary: 'A guess for models never seen, from size, price, tier and the text; outcomes then correct it.',
  source:
    'Item response theory with known covariates (explanatory IRT, De Boeck and Wilson 2004; for routers: IRT-Router and ' +
    "LLM Bandit's model identities): logit of quality = sum over facts of the model (size, price, tier, thinks at length, base " +
    'model) of fact x linear reader of the embedding, plus what each trained model is better by. Deviations: facts, read from ' +
    'the model id and the price, stand for the answers that the papers fit an ability to (`pointsman quiz` adds those of twenty chosen questions). While serving, a Bayesian linear correction per model on a 64-number fold of the ' +
    'query learns what the guess got wrong, wide at first. Cost is the price of the prompt and of an answer of ' +
    'prior_output_tokens, times thinking_factor for models that think at length (a convention, not fitted), shrunk to the ' +
    'running mean of the model.',
  options: Type.Object({
    alpha: Type.Number({ minimum: 1e-3, default: 30, description: 'Penalty on reading the query.' }),
    extra_penalty: Type.Number({
      minimum: 1e-3,
      default: 30,
      description: 'Penalty on what a trained model is better by than its facts say.',
    }),
    prices: Type.Record(Type.String(), Type.Number({ minimum: 0 }), {
      default: {},
      description: 'US dollars per million tokens of answer, by model id, for training: rows know no prices.',
    }),
    online_penalty: Type.Number({
      minimum: 1e-3,
      default: 10,
      description: 'Penalty on what is learned while serving; larger corrects less by the query.',
    }),
    training_worth: Type.Number({
      minimum: 0,
      default: 1000,
      description:
        'How many outcomes the training of a trained model is worth, at most; 0: only its facts are learned.',
    }),
    prior_output_tokens: Type.Number({
      minimum: 0,
      default: priorOutputTokens,
      description: 'Length of an answer, in tokens, before any was seen.',
    }),
    thinking_factor: Type.Number({
      minimum: 1,
      default: 10,
      description: 'How many times as long the answer of a model is that thinks at length.',
    }),
  }),
  needsEmbedding: true,
  quantities: ['quality', 'cost'],
  settings: () => [],
  create(options, context) {
    const { quantity, dimensions } = context;
    const width = dimensions + 1;
    const isQuality = quantity === 'quality';
    const link = linkOf('quality');
    /** Those that `extras` tells of, and those that outcomes were seen of while serving. */
    const trained = new ModelIndex();
    const served = new ModelIndex();
    let corrections = new ResidualModels(dimensions, options.online_penalty);
    const belief: Belief = { mean: 0, variance: 0, promptTokens: 0 };
    const input = new Float64Array(dimensions);
    const scores = new Float64Array(factCount);
    let readers: Float64Array = new Float64Array(factCount * width);
    let extras: Float64Array = new Float64Array(0);
    let moments: Float64Array = new Float64Array(0);

    const place = (embedding: Float32Array | null): void => {
      const length = embedding === null ? 0 : norm(embedding);
      const known = embedding !== null && embedding.length === dimensions && length < Infinity;
      for (let i = 0; i < dimensions; i++) input[i] = known ? (embedding[i] ?? 0) / Math.max(1, length) : 0;
      for (let k = 0; k < factCount; k++) {
        scores[k] = dot(input, readers, k * width, dimensions) + (readers[k * width + dimensions] ?? 0);
      }
      corrections.place(input);
    };
    /** Reading an id takes longer than all the rest: the last reading of each model is kept. */
    const read = new Map<string, { readonly price: Candidate['price']; readonly features: Float64Array }>();
    const featuresOf = ({ model, price }: Candidate): Float64Array => {
      const known = read.get(model);
      if (known !== undefined && known.price === price) return known.features;
      const features = factFeatures(factsOf({ model, price }));
      if (read.size >= mostRead) read.clear();
      read.set(model, { price, features });
      return features;
    };
    const guess = (model: string, features: Float64Array): number =>
      link.mean(dot(features, scores, 0, factCount) + (extras[trained.find(model)] ?? 0));

    const columnOf = (model: string): number => {
      const column = served.add(model);
      if ((column + 1) * momentWidth > moments.length) {
        const larger = new Float64Array((column + 1) * momentWidth);
        larger.set(moments);
        moments = larger;
      }
      return column;
    };

    /** What was wrong for the placed query: of the guess without a price, or in units of the model's mean. */
    const learn = (column: number, model: string, value: number, weight: number): void => {
      const running = (moments[column * momentWidth + 1] ?? 0) / (moments[column * momentWidth] ?? 1);
      const residual = isQuality
        ? value - guess(model, withoutPrice(featuresOf({ model, price: null })))
        : running > 0
          ? (value - running) / running
          : 0;
      corrections.update(column, residual, weight);
    };

    return {
      fit(rows) {
        checkTrainingRows('prior', rows, context);
        corrections = new ResidualModels(dimensions, options.online_penalty);
        served.replace(rows.models);
        moments = new Float64Array(served.size * momentWidth);
        const order = canonicalOrder(rows);
        const cells = (visit: (row: number, m: number, value: number) => void): void => {
          for (const row of order) {
            for (let m = 0; m < served.size; m++) {
              const value = rows.values[row * served.size + m] ?? NaN;
              if (!Number.isNaN(value)) visit(row, m, value);
            }
          }
        };
        cells((row, m, value) => addMoments(moments, m * momentWidth, 1, value, rows.promptTokens[row] ?? 0));
        if (isQuality) {
          trained.replace(rows.models);
          const facts = rows.models.map((model) => {
            const output = options.prices[model];
            return factsOf({ model, price: output === undefined ? null : { input: 0, cachedInput: 0, output } });
          });
          ({ readers, extras } = fitAbility(rows, facts, options.alpha, options.extra_penalty));
        }
        if (options.training_worth === 0) return;
        let placed = -1;
        cells((row, m, value) => {
          const { dimensions: width, embeddings } = rows;
          if (placed !== row) place(embeddings.subarray(row * width, (row + 1) * width));
          placed = row;
          const worth = Math.min(1, options.training_worth / Math.max(1, moments[m * momentWidth] ?? 1));
          learn(m, rows.models[m] ?? '', value, worth);
        });
      },
      update({ model, value, weight, promptTokens, embedding, quantity: of }) {
        if (of !== quantity || !inRange(quantity, value) || !(weight > 0)) return;
        if (embedding !== null && embedding.length !== dimensions) return;
        const column = columnOf(model);
        addMoments(moments, column * momentWidth, weight, value, promptTokens);
        place(embedding);
        learn(column, model, value, weight);
      },
      predict({ embedding, promptTokens }, candidates) {
        const mean = new Float64Array(candidates.length);
        const deviation = new Float64Array(candidates.length);
        place(embedding);
        for (const [i, candidate] of candidates.entries()) {
          const column = served.find(candidate.model);
          if (isQuality) {
            // An outcome does not tell the price, so corrections are of the guess without one; what the price adds
            // fades as they come in.
            const features = featuresOf(candidate);
            const left = column < 0 ? 1 : corrections.spread(column) / corrections.spread(-1);
            const priced = guess(candidate.model, features);
            const plain = left === 1 ? priced : guess(candidate.model, withoutPrice(features));
            const corrected = column < 0 ? 0 : corrections.value(column);
            mean[i] = clamp(plain + corrected + left * (priced - plain), 0, 1);
            deviation[i] = widestQuality * Math.sqrt(left);
            continue;
          }
          const factor = thinks(featuresOf(candidate)) ? options.thinking_factor : 1;
          const prior = { quality: 0.5, outputTokens: options.prior_output_tokens * factor, strength: 1 };
          priorBelief(quantity, candidate, promptTokens, prior, belief);
          if (column >= 0) {
            shrink(belief, prior.strength, moments, column * momentWidth);
            const corrected = belief.mean * (1 + corrections.value(column));
            belief.mean = Math.max(leastShare * belief.mean, corrected);
          }
          mean[i] = meanOf(quantity, belief, candidate, promptTokens);
          deviation[i] = deviationOf(quantity, belief, column < 0 ? 0 : (moments[column * momentWidth] ?? 0));
        }
        return { mean, deviation };
      },
      save() {
        const corrected = corrections.save();
        return {
          version,
          data: { ...corrected.data, quantity, dimensions, models: [...served.names], trained: [...trained.names] },
          arrays: { ...corrected.arrays, readers: readers.slice(), extras: extras.slice(), moments: moments.slice() },
        };
      },
      load(state) {
        const reader = new StateReader('prior', state, version);
        reader.expect('quantity', quantity);
        reader.expect('dimensions', dimensions);
        const names = reader.strings('models');
        const known = reader.strings('trained');
        const loaded = {
          readers: reader.doubles('readers', factCount * width),
          extras: reader.doubles('extras', known.length),
          moments: reader.doubles('moments', names.length * momentWidth),
        };
        corrections.load(reader);
        served.replace(names);
        trained.replace(known);
        ({ readers, extras, moments } = loaded);
      },
    };
  },
});
