import type { Candidate, Model, Target } from '../../src/core/candidate.ts';
import {
  defineEstimator,
  type Estimator,
  type EstimatorInput,
  type Prediction,
  type Quantity,
} from '../../src/core/estimator.ts';
import type { Query, Wishes } from '../../src/core/query.ts';
import { Type } from 'typebox';
import { loadCatalogue } from '../../src/routing/catalogue.ts';
import type { EstimatorSlot } from '../../src/routing/predictor.ts';
import type { PolicyChoice, RouteSettings } from '../../src/routing/route.ts';

const { policies } = await loadCatalogue();

/** A policy of the real catalogue. */
export function policy(name: string, options: unknown = {}): PolicyChoice {
  const definition = policies.get(name);
  if (definition === undefined) throw new Error(`no policy ${name}`);
  return { name, definition, options };
}

export { policies };

export function target(overrides: Partial<Target> = {}): Target {
  return {
    id: 'somewhere',
    backend: 'openai-compatible',
    baseUrl: 'http://127.0.0.1:1/v1',
    upstreamModel: null,
    apiKey: 'sk-secret',
    local: false,
    region: null,
    weight: 1,
    timeouts: { connectMs: 1000, firstTokenMs: 1000, idleMs: 1000, totalMs: 1000 },
    options: {},
    ...overrides,
  };
}

export function model(id: string, overrides: Partial<Model> = {}): Model {
  return {
    id,
    price: { input: 1, cachedInput: 0.5, output: 4 },
    contextTokens: 8000,
    capabilities: new Set(['tools'] as const),
    simulated: false,
    targets: [target({ id: `${id}@somewhere` })],
    ...overrides,
  };
}

export function query(overrides: Partial<Omit<Query, 'wishes'>> & { readonly wishes?: Wishes } = {}): Query {
  return {
    id: 'req_1',
    caller: { tenant: 'default', key: null },
    format: 'openai-chat',
    model: 'auto',
    text: 'What is the capital of France?',
    promptTokens: 100,
    maxOutputTokens: null,
    needs: [],
    stream: false,
    wishes: {},
    ...overrides,
  };
}

/** An estimator whose answer the test writes out: a table by model, or a function. */
export function slot(
  quantity: Quantity,
  answer: Readonly<Record<string, number>> | ((input: EstimatorInput, candidates: readonly Candidate[]) => Prediction),
  needsEmbedding = false,
): EstimatorSlot {
  const predict =
    typeof answer === 'function'
      ? answer
      : (_: EstimatorInput, candidates: readonly Candidate[]): Prediction => ({
          mean: Float64Array.from(candidates, ({ model }) => answer[model] ?? NaN),
          deviation: new Float64Array(candidates.length),
        });
  const estimator: Estimator = {
    fit: () => undefined,
    update: () => undefined,
    save: () => ({ version: 1, data: {}, arrays: {} }),
    load: () => undefined,
    predict,
  };
  const definition = defineEstimator({
    summary: 'A table of the test.',
    source: 'This test.',
    options: Type.Object({}),
    needsEmbedding,
    quantities: [quantity],
    settings: () => [],
    create: () => estimator,
  });
  return { name: `${quantity}-table`, estimator, definition, fingerprint: 'one' };
}

/** Three models: small and cheap, medium, large and dear. */
export const qualityOf = { small: 0.5, medium: 0.7, large: 0.8 };
export const costOf = { small: 0.001, medium: 0.002, large: 0.02 };

export function settings(overrides: Partial<RouteSettings> = {}): RouteSettings {
  return {
    name: 'auto',
    models: [model('small'), model('medium'), model('large')],
    policy: policy('cost-aware', { lambda: 10 }),
    estimators: { quality: slot('quality', qualityOf), cost: slot('cost', costOf) },
    lambda: null,
    exploration: { epsilon: 0 },
    embedder: null,
    seed: 'seed',
    ...overrides,
  };
}
