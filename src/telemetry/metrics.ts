import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Decision } from '../core/decision.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { Attempt, StoreHealth } from '../core/outcome.ts';
import { Counter, counterText, Family, headText, Histogram, histogramText, labelText, sampleText } from './series.ts';
import { queueText, type QueueState } from './queue-text.ts';
import { upstreamText, type UpstreamState } from './upstream-text.ts';

/** One request that reached an answer or an error. Names are the configured ones, `none` where there is none. */
export interface EndedRequest {
  readonly route: string;
  /** The model that served. */
  readonly model: string;
  /** What the client got; 499 where it went away first. */
  readonly status: number;
  /** Milliseconds of our own before the first call went out; null where none did. */
  readonly overheadMs: number | null;
  readonly durationMs: number;
  readonly attempts: readonly Attempt[];
}

/** Of decisions with a judge's grade and a label: how many, how often both are on one side of 0.5, sum of distances. */
export interface JudgeAgreement {
  readonly pairs: number;
  readonly agreed: number;
  readonly difference: number;
}

/** What the gateway counts. Every method is cheap, synchronous and never throws. */
export interface Metrics {
  decided(decision: Decision): void;
  ended(request: EndedRequest): void;
  /** An error answer that we made ourselves. */
  refused(code: ErrorCode): void;
  rewarded(source: string, status: 'accepted' | 'duplicate' | 'unknown'): void;
  /** The YAML was read again; `false`: refused, and the one before stays. */
  reloaded(taken: boolean): void;
  /** Read at every scrape. */
  watchStore(read: () => StoreHealth): void;
  /** Rewards not yet folded in, by learner; read at every scrape. */
  watchLearners(read: () => ReadonlyMap<string, number>): void;
  /** The queue of facts, and which engine it is; read at every scrape. */
  watchQueue(engine: string, read: () => QueueState): void;
  /** Judge and explicit feedback on the same decisions, since start; read at every scrape. */
  watchJudge(read: () => JudgeAgreement): void;
  /** Loads, lines, hedges and health of the targets; read at every scrape. */
  watchUpstream(read: () => UpstreamState): void;
  /** The Prometheus text. */
  render(): Promise<{ readonly contentType: string; readonly text: string }>;
}

const overheadBounds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];
const answerBounds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

/** Sources of rewards that have a label of their own; clients may invent others. */
const knownSources = new Set(['api', 'usage', 'judge', 'implicit', 'verifier']);

const counter = (name: string, help: string, labels: readonly string[]): Family<Counter> =>
  new Family(`pointsman_${name}`, help, labels, () => new Counter());

const histogram = (
  name: string,
  help: string,
  labels: readonly string[],
  bounds: readonly number[],
): Family<Histogram> => new Family(`pointsman_${name}`, help, labels, () => new Histogram(bounds));

/**
 * Label values are configured names, codes and statuses only, never text of a request. `processMetrics: false` leaves
 * out prom-client's process and Node.js metrics, which watch the process for as long as it lives.
 */
export function createMetrics({ processMetrics = true }: { readonly processMetrics?: boolean } = {}): Metrics {
  const registry = new Registry();
  if (processMetrics) collectDefaultMetrics({ register: registry });

  const decisions = counter('decisions_total', 'Decisions.', ['route', 'policy', 'model']);
  const requests = counter('requests_total', 'Chat requests.', ['route', 'model', 'status']);
  const errors = counter('errors_total', 'Error answers by code.', ['code']);
  const attempts = counter('attempts_total', 'Upstream calls.', ['target', 'end_reason']);
  const tokens = counter('tokens_total', 'Tokens as upstreams counted them.', ['model', 'kind']);
  const cost = counter('cost_usd_total', 'US dollars, where the cost is known.', ['route', 'model']);
  const rewards = counter('rewards_total', 'Rewards received.', ['source', 'status']);
  const reloads = counter('config_reloads_total', 'Readings of the YAML after the first.', ['result']);
  const overhead = histogram('overhead_seconds', 'Own time before the first call.', ['route'], overheadBounds);
  const firstToken = histogram('first_token_seconds', 'From call to first token.', ['model'], answerBounds);
  const duration = histogram('duration_seconds', 'From request to last byte.', ['route'], answerBounds);
  let judgeAgreement: (() => JudgeAgreement) | null = null;
  let upstreamState: (() => UpstreamState) | null = null;
  let queueState: (() => string) | null = null;
  let storeHealth: (() => StoreHealth) | null = null;
  let learnerLags: (() => ReadonlyMap<string, number>) | null = null;

  const attempted = (route: string, attempt: Attempt): void => {
    attempts.child(attempt.target, attempt.endReason).add(1);
    if (attempt.firstTokenAt !== null) {
      firstToken.child(attempt.model).observe((attempt.firstTokenAt - attempt.startedAt) / 1_000);
    }
    if (attempt.usage !== null) {
      tokens.child(attempt.model, 'input').add(attempt.usage.inputTokens);
      tokens.child(attempt.model, 'output').add(attempt.usage.outputTokens);
      if (attempt.usage.cachedTokens > 0) tokens.child(attempt.model, 'cached').add(attempt.usage.cachedTokens);
    }
    if (attempt.costUsd !== null) cost.child(route, attempt.model).add(attempt.costUsd);
  };

  return {
    decided({ route, policy, plan }) {
      decisions.child(route, policy, plan.type === 'route' ? plan.model : 'none').add(1);
    },
    ended(request) {
      requests.child(request.route, request.model, String(request.status)).add(1);
      if (request.overheadMs !== null) overhead.child(request.route).observe(request.overheadMs / 1_000);
      duration.child(request.route).observe(request.durationMs / 1_000);
      for (const attempt of request.attempts) attempted(request.route, attempt);
    },
    refused(code) {
      errors.child(code).add(1);
    },
    rewarded(source, status) {
      rewards.child(knownSources.has(source) ? source : 'other', status).add(1);
    },
    reloaded(taken) {
      reloads.child(taken ? 'taken' : 'refused').add(1);
    },
    watchJudge(read) {
      judgeAgreement = read;
    },
    watchUpstream(read) {
      upstreamState = read;
    },
    watchStore(read) {
      storeHealth = read;
    },
    watchQueue(engine, read) {
      queueState = () => queueText(read(), engine);
    },
    watchLearners(read) {
      learnerLags = read;
    },
    async render() {
      let text = await registry.metrics();
      for (const family of [decisions, requests, errors, attempts, tokens, cost, rewards, reloads])
        text += counterText(family);
      text += histogramText(overhead, overheadBounds);
      text += histogramText(firstToken, answerBounds) + histogramText(duration, answerBounds);
      if (judgeAgreement !== null) text += judgeText(judgeAgreement());
      if (upstreamState !== null) text += upstreamText(upstreamState());
      if (storeHealth !== null) text += storeText(storeHealth());
      if (learnerLags !== null) text += lagText(learnerLags());
      if (queueState !== null) text += queueState();
      return { contentType: registry.contentType, text };
    },
  };
}

function judgeText({ pairs, agreed, difference }: JudgeAgreement): string {
  return (
    headText('pointsman_judge_pairs_total', "Decisions with a judge's grade and explicit feedback.", 'counter') +
    sampleText('pointsman_judge_pairs_total', '', pairs) +
    headText('pointsman_judge_agreed_total', 'Of these, both on the same side of 0.5.', 'counter') +
    sampleText('pointsman_judge_agreed_total', '', agreed) +
    headText('pointsman_judge_difference_total', 'Sum of their distances.', 'counter') +
    sampleText('pointsman_judge_difference_total', '', difference)
  );
}

function storeText({ available, lost, pending }: StoreHealth): string {
  return (
    headText('pointsman_store_available', '1 while the outcome database takes rows.', 'gauge') +
    sampleText('pointsman_store_available', '', available ? 1 : 0) +
    headText('pointsman_store_lost_total', 'Rows that could not be written and were given up.', 'counter') +
    sampleText('pointsman_store_lost_total', '', lost) +
    headText('pointsman_store_pending', 'Rows waiting to be written.', 'gauge') +
    sampleText('pointsman_store_pending', '', pending)
  );
}

function lagText(lags: ReadonlyMap<string, number>): string {
  const name = 'pointsman_learner_lag';
  let text = headText(name, 'Rewards not yet folded in.', 'gauge');
  for (const [learner, lag] of lags) text += sampleText(name, labelText(['learner'], [learner]), lag);
  return text;
}
