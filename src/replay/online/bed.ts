import type { Embedder } from '../../core/embedder.ts';
import { PointsmanError } from '../../core/errors.ts';
import type { Estimator, EstimatorDefinition, TrainingRows } from '../../core/estimator.ts';
import type { State } from '../../core/state.ts';
import type { Catalogue } from '../../routing/catalogue.ts';
import { checkOptions } from '../../routing/options.ts';
import { createRoute } from '../../routing/route.ts';
import { rowCount, type Dataset } from '../datasets/dataset.ts';
import { foldOfRows } from '../datasets/split.ts';
import {
  embedDataset,
  inputOf,
  takeEmbedded,
  trainingRows,
  type EmbeddedDataset,
  type FittedQuantity,
} from '../embedded.ts';
import { refuseToFitOn } from '../load-splits.ts';
import { candidatesOf } from '../policy-sweep.ts';
import type { OnProgress } from '../progress.ts';
import { followPrices } from './priced-cost.ts';
import type { Contestant, Reference, Student } from './stream.ts';

/** A policy or estimator of the catalogue with options as somebody wrote them. */
export interface Named {
  readonly name: string;
  readonly options?: Readonly<Record<string, unknown>> | undefined;
}

/** Everything that is the same for every policy, seed and scenario. */
export interface OnlineBed {
  /** The rows that requests come from. */
  readonly stream: EmbeddedDataset;
  /** The rows that a warm start is trained on. */
  readonly train: EmbeddedDataset;
  readonly catalogue: Catalogue;
  readonly embedder: Embedder;
}

export interface BedOptions {
  readonly catalogue: Catalogue;
  readonly embedder: Embedder;
  readonly onProgress: OnProgress;
}

/** Embeds both parts. Rejects with `invalid_data`. */
export async function createOnlineBed(train: Dataset, stream: Dataset, options: BedOptions): Promise<OnlineBed> {
  const { catalogue, embedder, onProgress } = options;
  refuseToFitOn(train);
  return {
    stream: await embedDataset(stream, embedder, onProgress),
    train: await embedDataset(train, embedder, onProgress),
    catalogue,
    embedder,
  };
}

const quantities = ['quality', 'cost'] as const satisfies readonly FittedQuantity[];

/** The definition for a quantity; what cannot estimate cost leaves it to the running mean. */
function definitionOf(
  bed: OnlineBed,
  estimator: Named,
  quantity: FittedQuantity,
): Named & { definition: EstimatorDefinition } {
  const definition = bed.catalogue.estimators.get(estimator.name);
  if (definition === undefined) {
    const known = [...bed.catalogue.estimators.keys()].join(', ');
    throw new PointsmanError('invalid_config', `there is no estimator "${estimator.name}"; there is ${known}.`, {
      param: 'estimator',
    });
  }
  if (definition.quantities.includes(quantity)) return { ...estimator, definition };
  const mean = bed.catalogue.estimators.get('mean');
  if (mean === undefined) throw new PointsmanError('internal_error', 'The estimator "mean" has gone.');
  return { name: 'mean', definition: mean };
}

function createEstimator(bed: OnlineBed, estimator: Named, quantity: FittedQuantity): Estimator {
  const { name, options, definition } = definitionOf(bed, estimator, quantity);
  const checked = checkOptions(`estimator ${name}`, definition.options, options, 'estimator');
  return definition.create(checked, { quantity, dimensions: bed.train.dimensions });
}

export type Start = Readonly<Partial<Record<FittedQuantity, State>>>;

/** What an estimator knows of the training rows; nothing for a cold start. Quality comes without cost where a set has none. */
export function warmStart(bed: OnlineBed, estimator: Named): Start {
  const states = quantities.flatMap((quantity) => {
    const rows = trainingRows(bed.train, quantity);
    if (rows === null) return [];
    const fitted = createEstimator(bed, estimator, quantity);
    fitted.fit(rows);
    return [[quantity, fitted.save()] as const];
  });
  return Object.fromEntries(states);
}

/**
 * The same estimator with full information: each row of the stream predicted by one that was trained on the training
 * rows and all other folds of the stream.
 */
export function fullInformation(bed: OnlineBed, estimator: Named, folds: number, seed: string): Reference {
  const { stream, train } = bed;
  const models = stream.dataset.models.length;
  const candidates = candidatesOf(stream.dataset.models);
  const places = foldOfRows(stream.dataset, folds, seed);
  const predicted = (quantity: FittedQuantity): Float64Array => {
    const out = new Float64Array(rowCount(stream.dataset) * models);
    const known = trainingRows(train, quantity);
    if (known === null) return out;
    for (let fold = 0; fold < folds; fold++) {
      const others: number[] = [];
      places.forEach((place, row) => {
        if (place !== fold) others.push(row);
      });
      const rest = trainingRows(takeEmbedded(stream, others), quantity);
      const fitted = createEstimator(bed, estimator, quantity);
      fitted.fit(rest === null ? known : joined(known, rest));
      places.forEach((place, row) => {
        if (place === fold) out.set(fitted.predict(inputOf(stream, row), candidates).mean, row * models);
      });
    }
    return out;
  };
  return { quality: predicted('quality'), costUsd: predicted('cost') };
}

/** A policy on a fresh route, with fresh learners at `start`; `exploration` as a route's. */
export function createContestant(
  bed: OnlineBed,
  policy: Named,
  estimator: Named,
  start: Start,
  exploration: { readonly epsilon: number },
): Contestant {
  const { catalogue, embedder, stream } = bed;
  const definition = catalogue.policies.get(policy.name);
  if (definition === undefined) {
    const known = [...catalogue.policies.keys()].join(', ');
    throw new PointsmanError('invalid_config', `there is no policy "${policy.name}"; there is ${known}.`, {
      param: 'policy',
    });
  }
  const announced = new Map<string, number>();
  const students: Student[] = [];
  const slots = quantities.map((quantity) => {
    const own = createEstimator(bed, estimator, quantity);
    const state = start[quantity];
    if (state !== undefined) own.load(state);
    const slot = quantity === 'cost' ? followPrices(own, (model) => announced.get(model) ?? 1) : own;
    students.push({ learner: slot, accepts: (fact) => fact.quantity === quantity });
    const { name, definition: of } = definitionOf(bed, estimator, quantity);
    return [quantity, { name, definition: of, estimator: slot, fingerprint: 'online' }] as const;
  });
  const route = createRoute({
    name: 'online',
    models: stream.dataset.models.map((id) => ({
      id,
      price: null,
      contextTokens: null,
      capabilities: null,
      simulated: true,
      targets: [],
    })),
    policy: { name: policy.name, definition, options: policy.options ?? {}, path: `policy ${policy.name}` },
    policies: catalogue.policies,
    estimators: Object.fromEntries(slots),
    lambda: null,
    exploration,
    embedder,
    seed: 'online',
  });
  if (route.memory !== null) students.push({ learner: route.memory.learner, accepts: () => true });
  return {
    route,
    students,
    onMoment({ announced: factors }) {
      stream.dataset.models.forEach((model, m) => announced.set(model, factors[m] ?? 1));
    },
  };
}

function joined(a: TrainingRows, b: TrainingRows): TrainingRows {
  const doubles = (x: Float64Array, y: Float64Array): Float64Array => {
    const out = new Float64Array(x.length + y.length);
    out.set(x);
    out.set(y, x.length);
    return out;
  };
  const embeddings = new Float32Array(a.embeddings.length + b.embeddings.length);
  embeddings.set(a.embeddings);
  embeddings.set(b.embeddings, a.embeddings.length);
  return {
    ...a,
    embeddings,
    promptTokens: doubles(a.promptTokens, b.promptTokens),
    values: doubles(a.values, b.values),
  };
}
