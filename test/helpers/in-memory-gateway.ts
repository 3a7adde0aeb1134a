import { systemClock } from '../../src/core/clock.ts';
import type { RequestBody } from '../../src/core/backend.ts';
import type { Model } from '../../src/core/candidate.ts';
import type { Decision } from '../../src/core/decision.ts';
import { PointsmanError } from '../../src/core/errors.ts';
import { newId } from '../../src/core/ids.ts';
import type { Attempt, Completion, DecisionRecord, OutcomeStore, Reward } from '../../src/core/outcome.ts';
import type { Caller, Query } from '../../src/core/query.ts';
import type { Access, Gateway, ListedModel, Scope } from '../../src/http/gateway.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import type { Carried, ClientSink, Commit } from '../../src/upstream/execute.ts';

/** What `execute` was handed. */
export interface Execution {
  readonly decision: Decision;
  readonly query: Query;
  readonly body: RequestBody;
  readonly includeUsage: boolean;
  readonly signal: AbortSignal;
  readonly sink: ClientSink;
}

/** Takes the part of `upstream/`: drives the sink in its promised order. */
export type Script = (execution: Execution) => void;

export interface InMemoryOptions {
  script?: Script;
  /** Secret -> who it is. Without any, everybody is let in with every scope. */
  keys?: ReadonlyMap<string, Access>;
  loopbackOnly?: boolean;
  bodyLimitBytes?: number;
  /** Wraps the decision, e.g. in a promise, or throws. */
  decide?: (decision: Decision) => Decision | Promise<Decision>;
  reserve?: () => void;
  feedback?: Gateway['feedback'];
  notReady?: () => string | null;
  /** Changes the decision that would be made. */
  decision?: Partial<Decision>;
}

/** A whole gateway without configuration, disk or network: two models, one route `auto` and its policy's decision. */
export interface InMemoryGateway extends Gateway {
  readonly decisions: DecisionRecord[];
  readonly completions: Completion[];
  /** What each reservation was settled with. */
  readonly settled: (number | null)[];
  readonly executions: Execution[];
}

const allScopes: ReadonlySet<Scope> = new Set<Scope>(['chat', 'feedback', 'metrics', 'admin']);

export const models: readonly Model[] = ['small', 'org/large'].map((id) => ({
  id,
  price: { input: 1, cachedInput: 1, output: 2 },
  contextTokens: 8_000,
  capabilities: null,
  simulated: true,
  targets: [],
}));

export function createInMemoryGateway(options: InMemoryOptions = {}): InMemoryGateway {
  const decisions: DecisionRecord[] = [];
  const completions: Completion[] = [];
  const settled: (number | null)[] = [];
  const executions: Execution[] = [];
  const store = createInMemoryStore(decisions, completions);
  return {
    decisions,
    completions,
    settled,
    executions,
    clock: systemClock,
    metrics: createMetrics({ processMetrics: false }),
    decided: (record) => store.decision(record),
    completed: (completion) => store.completion(completion),
    loopbackOnly: options.loopbackOnly ?? false,
    bodyLimitBytes: options.bodyLimitBytes ?? 1_000_000,
    authenticate(secret) {
      if (options.keys === undefined) {
        return { caller: { tenant: 'default', key: null }, scopes: allScopes, routes: null };
      }
      if (secret === null) throw new PointsmanError('missing_api_key', 'Send a key as "Authorization: Bearer KEY".');
      const access = options.keys.get(secret);
      if (access === undefined) throw new PointsmanError('invalid_api_key', 'This key is not known.');
      return access;
    },
    resolve(name) {
      const model = models.find((known) => known.id === name);
      if (model !== undefined) return { type: 'model', model };
      if (name === 'auto' || name === 'other') return { type: 'route', route: name, policy: null };
      throw new PointsmanError('model_not_found', `There is no model or route "${name}".`, { param: 'model' });
    },
    decide(_query, resolved) {
      const route = resolved.type === 'route' ? resolved.route : 'pinned';
      const decision = { ...makeDecision(route), ...options.decision };
      return options.decide === undefined ? decision : options.decide(decision);
    },
    reserve() {
      options.reserve?.();
      return { settle: (costUsd) => void settled.push(costUsd) };
    },
    execute(decision, query, body, includeUsage, sink) {
      const client = new AbortController();
      sink.onGone(() => client.abort());
      const { signal } = client;
      const execution = { decision, query, body, includeUsage, signal, sink };
      executions.push(execution);
      (options.script ?? answerWhole())(execution);
    },
    feedback: options.feedback ?? ((reward, caller) => store.reward(reward, caller)),
    listModels: () =>
      models
        .map(({ id }): ListedModel => ({ id, kind: 'model', simulated: true, unroutable: null }))
        .concat({ id: 'auto', kind: 'route', simulated: true, unroutable: null })
        .concat({ id: 'mystery', kind: 'model', simulated: false, unroutable: 'its price is unknown' }),
    notReady: options.notReady ?? (() => null),
    troubles: () => [],
  };
}

export function makeDecision(route = 'auto'): Decision {
  return {
    id: newId('dec_'),
    route,
    policy: 'cost-aware',
    policyVersion: 'test',
    plan: { type: 'route', model: 'org/large' },
    candidates: models.map(({ id, price }) => ({ model: id, price })),
    removals: [],
    ranking: [1, 0],
    propensities: Float64Array.of(0, 1),
    predictions: {
      quality: { mean: Float64Array.of(0.5, 0.8125), deviation: Float64Array.of(0.1, 0.1) },
      cost: { mean: Float64Array.of(0.00001, 0.00025), deviation: Float64Array.of(0, 0) },
    },
    reason: 'quality 0.81 − 120 × $0.00025 = 0.78',
    lambda: 120,
    embedding: null,
    pinned: false,
    degraded: [],
  };
}

export const attempt: Attempt = {
  model: 'org/large',
  target: 'large@here',
  startedAt: 1_000,
  firstTokenAt: 1_100,
  endedAt: 1_500,
  status: 200,
  usage: { inputTokens: 10, cachedTokens: 4, outputTokens: 20 },
  costUsd: 0.0003,
  endReason: 'stop',
};

export const carried: Carried = {
  servedModel: 'org/large',
  fallback: false,
  attempts: [attempt],
  costUsd: 0.0003,
  failure: null,
  aborted: false,
};

export const wholeCommit: Commit = {
  answer: { status: 200, headers: { 'content-type': 'application/json' } },
  model: 'org/large',
  target: 'large@here',
  attempts: 1,
  costUsd: 0.0003,
  contentLength: 0,
  simulated: true,
  overloaded: false,
};

export const streamCommit: Commit = {
  ...wholeCommit,
  answer: { status: 200, headers: { 'content-type': 'text/event-stream' } },
  costUsd: null,
  contentLength: null,
};

export const completionBody = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'real-model',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello.' }, finish_reason: 'stop' }],
});

/** A whole answer, not streamed. */
export const answerWhole =
  (commit: Partial<Commit> = {}, text = completionBody): Script =>
  ({ sink }) => {
    const bytes = Buffer.from(text);
    sink.commit({ ...wholeCommit, contentLength: bytes.length, ...commit });
    sink.write(bytes);
    sink.finish(carried);
  };

export const contentEvent = (content: string): string =>
  `data: ${JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'real-model',
    choices: [{ index: 0, delta: { content }, finish_reason: null }],
  })}\n\n`;

/** A stream of these events, then how it ended. */
export const answerStream =
  (events: readonly string[], end: Partial<Carried> = {}): Script =>
  ({ sink }) => {
    sink.commit(streamCommit);
    for (const event of events) sink.write(Buffer.from(event));
    sink.finish({ ...carried, ...end });
  };

/** Never answers; ends as upstream/ does once the client is gone. */
export const hangUntilAbort: Script = ({ signal, sink }) => {
  signal.addEventListener('abort', () => {
    sink.finish({ ...carried, servedModel: null, attempts: [], costUsd: null, aborted: true });
  });
};

export const failBeforeCommit =
  (error: PointsmanError, end: Partial<Carried> = {}): Script =>
  ({ sink }) => {
    sink.finish({
      ...carried,
      servedModel: null,
      costUsd: null,
      failure: { kind: 'status', error, retryable: false },
      ...end,
    });
  };

function createInMemoryStore(decisions: DecisionRecord[], completions: Completion[]): OutcomeStore {
  const rewards: Reward[] = [];
  return {
    decision: (record) => void decisions.push(record),
    completion: (completion) => void completions.push(completion),
    async reward(reward, caller) {
      const record = decisions.find(({ decision }) => decision.id === reward.decision);
      if (record === undefined || !sameCaller(record.query.caller, caller)) return { type: 'unknown' };
      const earlier = rewards.findIndex(
        ({ decision, source, key }) => decision === reward.decision && source === reward.source && key === reward.key,
      );
      if (earlier !== -1) return { type: 'duplicate', seq: earlier + 1 };
      const seq = rewards.push(reward);
      const { quantity, value, weight } = reward;
      const observation = {
        seq,
        decision: reward.decision,
        route: record.decision.route,
        model: 'org/large',
        quantity,
        value,
        weight,
        propensity: 1,
        promptTokens: record.query.promptTokens,
        embedding: null,
      };
      return { type: 'accepted', seq, observation };
    },
    observations: async () => [],
    spend: async () => [],
    saveSnapshot: async () => undefined,
    loadSnapshot: async () => null,
    health: () => ({ available: true, lost: 0, pending: 0 }),
    close: async () => undefined,
  };
}

const sameCaller = (asked: Caller, caller: { readonly tenant: string; readonly key: string | null } | null): boolean =>
  caller === null || (asked.tenant === caller.tenant && asked.key === caller.key);
