import type { RequestBody } from '../core/backend.ts';
import type { Model } from '../core/candidate.ts';
import type { Clock } from '../core/clock.ts';
import type { Decision } from '../core/decision.ts';
import { PointsmanError } from '../core/errors.ts';
import { newOrderedId } from '../core/ids.ts';
import type { Completion, OutcomeStore } from '../core/outcome.ts';
import type { Query } from '../core/query.ts';
import { estimateCostUsd } from './estimate-cost.ts';
import type { Budgets } from '../limits/budgets.ts';
import { createEligibility } from '../routing/eligibility.ts';
import { pin } from '../routing/pin.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Carried, ClientSink } from '../upstream/execute.ts';
import type { Upstream } from '../upstream/upstream.ts';

/** One call that the gateway makes for itself because of a client's request. */
export interface AsideCall {
  /** What it is for; it stands in the log, the metrics and the budgets as a route of this name. Begins with `#`. */
  readonly purpose: string;
  readonly model: Model;
  /** Its wishes are those of the client's request: they hold here too. */
  readonly query: Query;
  readonly body: RequestBody;
  /** Whose call was drawn: what the policy that drew it is told with every fact of it. */
  readonly draw?: { readonly propensity: number; readonly note: readonly number[] } | undefined;
}

export interface AsideAnswer {
  readonly decision: Decision;
  readonly completion: Completion;
  readonly bytes: Buffer;
}

/** The decision that a call of the gateway's own is logged under. Throws `no_eligible_candidate`. */
export function decideAside({ purpose, model, query, draw }: Omit<AsideCall, 'body'>, clock: Clock): Decision {
  return {
    ...pin(model, query, { id: newOrderedId('dec_', clock.now()) }),
    route: purpose,
    policy: purpose,
    reason: `asked by the gateway itself: ${purpose}`,
    ...(draw && { propensities: Float64Array.of(draw.propensity), note: draw.note }),
  };
}

/**
 * Asks one model, under the constraints, breakers, deadlines and budgets of any other request, and logs it like one. Rejects with
 * `no_eligible_candidate` where the model may not see this prompt or its price is unknown, with `budget_exceeded` where
 * the purpose's `usd_per_day` is spent, and as the model's call failed.
 */
export type Aside = (call: AsideCall) => Promise<AsideAnswer>;

export interface AsideParts {
  readonly clock: Clock;
  readonly store: OutcomeStore;
  readonly budgets: Budgets;
  readonly upstream: Upstream;
  readonly metrics: Metrics;
}

export function createAside({ clock, store, budgets, upstream, metrics }: AsideParts): Aside {
  return async (call) => {
    const { purpose, model, query, body } = call;
    // Throws where the model cannot or may not take it.
    createEligibility([model])(query, {});
    const decision = decideAside(call, clock);
    const { id } = decision;
    const models = new Map([[model.id, model]]);
    const reservation = budgets.reserve(purpose, null, estimateCostUsd(decision, query, models));
    store.decision({ at: clock.now(), query, decision });
    const startedAt = clock.monotonic();
    const { carried, bytes } = await new Promise<Collected>((resolve) => {
      upstream.execute(decision, models, query, body, false, new CollectingSink(resolve));
    });
    const { servedModel, fallback, attempts, failure } = carried;
    reservation.settle(attempts.length === 0 ? 0 : carried.costUsd);
    const completion: Completion = { decision: id, servedModel, fallback, attempts };
    store.completion(completion);
    metrics.ended({
      route: purpose,
      model: servedModel ?? 'none',
      status: failure?.error.status ?? 200,
      overheadMs: null,
      durationMs: clock.monotonic() - startedAt,
      attempts,
    });
    if (failure !== null) throw failure.error;
    if (servedModel === null) throw new PointsmanError('upstream_failed', `${model.id} gave no answer.`);
    return { completion, decision, bytes };
  };
}

interface Collected {
  readonly carried: Carried;
  readonly bytes: Buffer;
}

/** A client that is never gone and takes everything. */
class CollectingSink implements ClientSink {
  readonly gone = false;
  readonly #bytes: Buffer[] = [];
  readonly #done: (collected: Collected) => void;

  constructor(done: (collected: Collected) => void) {
    this.#done = done;
  }

  onGone(): void {}

  commit(): void {}

  onDrain(resume: () => void): void {
    resume();
  }

  write(bytes: Buffer): boolean {
    this.#bytes.push(bytes);
    return true;
  }

  finish(carried: Carried): void {
    this.#done({ carried, bytes: Buffer.concat(this.#bytes) });
  }
}
