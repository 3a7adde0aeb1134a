import type { Decision } from '../../src/core/decision.ts';
import type { Completion, DecisionRecord, Reward } from '../../src/core/outcome.ts';
import type { Query } from '../../src/core/query.ts';

const models = Array.from({ length: 11 }, (_, i) => `vendor/model-${i}`);

/** A decision among `candidates` models, the last one chosen. */
export function sampleDecision(id: string, change: Partial<Decision> = {}, candidates = 3): Decision {
  const names = models.slice(0, candidates);
  const chosen = candidates - 1;
  return {
    id,
    route: 'auto',
    policy: 'cost-aware',
    policyVersion: 'v1',
    plan: { type: 'route', model: names[chosen] ?? '' },
    candidates: names.map((model) => ({ model, price: null })),
    removals: [],
    ranking: [chosen, ...names.keys()].slice(0, candidates),
    propensities: Float64Array.from(names, (_, i) => (i === chosen ? 1 - 0.1 * chosen : 0.1)),
    predictions: {
      quality: { mean: Float64Array.from(names, (_, i) => i / 10), deviation: new Float64Array(candidates).fill(0.25) },
      cost: { mean: Float64Array.from(names, (_, i) => i / 1000), deviation: new Float64Array(candidates).fill(1e-4) },
    },
    reason: 'quality 0.81 − 120 × $0.00031 = 0.77, next model-1 at 0.71',
    lambda: 120,
    embedding: null,
    pinned: false,
    degraded: [],
    ...change,
  };
}

export function sampleQuery(change: Partial<Query> = {}): Query {
  return {
    id: 'req_1',
    caller: { tenant: 'default', key: null },
    format: 'openai-chat',
    model: 'auto',
    text: 'hello',
    promptTokens: 12,
    maxOutputTokens: null,
    needs: [],
    stream: false,
    wishes: {},
    ...change,
  };
}

export function sampleRecord(
  id: string,
  { decision = {}, query = {}, at = 1_000 }: { decision?: Partial<Decision>; query?: Partial<Query>; at?: number } = {},
): DecisionRecord {
  return { at, query: sampleQuery(query), decision: sampleDecision(id, decision) };
}

export function sampleCompletion(
  id: string,
  change: Partial<Completion> = {},
  costUsd: number | null = 0.002,
): Completion {
  const servedModel = change.servedModel === undefined ? 'vendor/model-2' : change.servedModel;
  return {
    decision: id,
    servedModel,
    fallback: false,
    attempts: [
      {
        model: servedModel ?? 'vendor/model-2',
        target: 'model@host',
        startedAt: 1_001,
        firstTokenAt: 1_050,
        endedAt: 1_200,
        status: 200,
        usage: { inputTokens: 12, cachedTokens: 0, outputTokens: 30 },
        costUsd,
        endReason: 'stop',
      },
    ],
    ...change,
  };
}

export function sampleReward(decision: string, change: Partial<Reward> = {}): Reward {
  return { decision, source: 'api', key: '', quantity: 'quality', value: 1, weight: 1, at: 2_000, ...change };
}

export const sampleCaller = { tenant: 'default', key: null };
