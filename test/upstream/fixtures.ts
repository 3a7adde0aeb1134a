import { createOpenAiCompatible } from '../../src/backends/openai-compatible.ts';
import type { Failure, RequestBody } from '../../src/core/backend.ts';
import type { Model, Target } from '../../src/core/candidate.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Decision, Plan } from '../../src/core/decision.ts';
import type { Attempt } from '../../src/core/outcome.ts';
import type { Query } from '../../src/core/query.ts';
import { seededRandom } from '../../src/core/random.ts';
import type { Carried, ClientSink, Commit } from '../../src/upstream/execute.ts';
import type { UpstreamSettings } from '../../src/upstream/settings.ts';
import { createUpstream, type Upstream } from '../../src/upstream/upstream.ts';

export const timeouts = { connectMs: 2000, firstTokenMs: 5000, idleMs: 5000, totalMs: 10_000 };

export function targetOf(id: string, baseUrl: string, more: Partial<Target> = {}): Target {
  return {
    id,
    backend: 'openai-compatible',
    baseUrl,
    upstreamModel: null,
    apiKey: null,
    local: true,
    region: null,
    weight: 1,
    timeouts,
    options: {},
    ...more,
  };
}

/** A dollar per million input tokens, a tenth of it when cached, two per million output tokens. */
export function modelOf(id: string, targets: readonly Target[], more: Partial<Model> = {}): Model {
  const price = { input: 1, cachedInput: 0.1, output: 2 };
  return { id, price, contextTokens: null, capabilities: null, simulated: false, targets, ...more };
}

/** Ranks the models as they stand; the first is the plan's. */
export function decisionOver(models: readonly Model[], plan?: Plan): Decision {
  return {
    id: 'dec-1',
    route: 'auto',
    policy: 'static',
    policyVersion: 'v',
    plan: plan ?? { type: 'route', model: models[0]?.id ?? '' },
    candidates: models.map(({ id, price }) => ({ model: id, price })),
    removals: [],
    ranking: models.map((_, i) => i),
    propensities: Float64Array.from(models, (_, i) => (i === 0 ? 1 : 0)),
    predictions: {},
    reason: 'because',
    lambda: null,
    embedding: null,
    pinned: false,
    degraded: [],
  };
}

export function queryOf(more: Partial<Query> = {}): Query {
  return {
    id: 'req-1',
    caller: { tenant: 'default', key: null },
    format: 'openai-chat',
    model: 'auto',
    text: 'hi',
    promptTokens: 9,
    maxOutputTokens: null,
    needs: [],
    stream: false,
    wishes: {},
    ...more,
  };
}

export interface Served {
  readonly commit: Commit | null;
  readonly text: string;
  readonly carried: Carried;
  readonly reported: readonly { readonly attempt: Attempt; readonly failure: Failure | null }[];
}

export interface Errand {
  readonly query?: Partial<Query>;
  readonly stream?: boolean;
  readonly includeUsage?: boolean;
  readonly signal?: AbortSignal;
  readonly plan?: Plan;
  /** Sees each write; returning false makes the client full until `drain`. */
  readonly onWrite?: (bytes: Buffer, drain: () => void) => boolean | void;
  readonly onCommit?: () => void;
}

export interface Rig {
  readonly upstream: Upstream;
  send(models: readonly Model[], errand?: Errand): Promise<Served>;
  close(): Promise<void>;
}

/** An upstream over the real byte path, and a client that watches the order of what it is told. */
export function createRig(settings: Partial<UpstreamSettings> = {}, clock = systemClock): Rig {
  let reported: { attempt: Attempt; failure: Failure | null }[] = [];
  let decisions = 0;
  const upstream = createUpstream({
    backends: new Map([['openai-compatible', createOpenAiCompatible({ clock })]]),
    clock,
    random: seededRandom('test'),
    onAttempt: (attempt, failure) => reported.push({ attempt, failure }),
    settings: { retryPauseMs: 2, backoffTries: 0, retryWaitMs: 0, ...settings },
  });
  return {
    upstream,
    send: (models, errand = {}) =>
      new Promise((resolve, reject) => {
        reported = [];
        let commit: Commit | null = null;
        let drain: (() => void) | null = null;
        let over = false;
        const written: Buffer[] = [];
        const signal = errand.signal ?? new AbortController().signal;
        const sink: ClientSink = {
          get gone() {
            return signal.aborted;
          },
          onGone: (left) => signal.addEventListener('abort', left, { once: true }),
          commit(given) {
            if (commit || over) reject(new Error('commit came twice or late'));
            commit = given;
            errand.onCommit?.();
          },
          write(bytes) {
            if (commit === null || over) reject(new Error('write out of order'));
            written.push(Buffer.from(bytes));
            return errand.onWrite?.(bytes, () => drain?.()) ?? true;
          },
          onDrain(resume) {
            drain = resume;
          },
          finish(carried) {
            if (over) return reject(new Error('finish came twice'));
            over = true;
            const text = (): string => Buffer.concat(written).toString();
            setImmediate(() => resolve({ commit, text: text(), carried, reported }));
          },
        };
        const stream = errand.stream ?? false;
        const parsed = { model: 'auto', messages: [{ role: 'user', content: 'hi' }], ...(stream ? { stream } : {}) };
        const body: RequestBody = { raw: Buffer.from(JSON.stringify(parsed)), parsed };
        upstream.execute(
          { ...decisionOver(models, errand.plan), id: `dec-${++decisions}` },
          new Map(models.map((model) => [model.id, model])),
          queryOf({ stream, ...errand.query }),
          body,
          errand.includeUsage ?? false,
          sink,
        );
      }),
    close: () => upstream.close(),
  };
}
