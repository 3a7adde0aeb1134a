import type { Backend, BackendAnswer, Failure } from '../core/backend.ts';
import type { Clock } from '../core/clock.ts';
import { PointsmanError } from '../core/errors.ts';
import type { Attempt } from '../core/outcome.ts';
import type { Caller } from '../core/query.ts';
import { AttemptRun, type AttemptOwner } from './attempt-run.ts';
import type { Blow } from './breaker.ts';
import { totalCostUsd } from './cost.ts';
import type { ClientSink } from './execute.ts';
import type { Waiter } from './gate.ts';
import type { Hedging } from './hedging.ts';
import { Itinerary, type Last, type Stop, type Streets } from './itinerary.ts';
import type { Job } from './job.ts';
import { optionsOf, type Option } from './plan.ts';
import { verdictOf } from './verdict.ts';

/** What all walks share. */
export interface Surroundings extends Streets {
  readonly backends: ReadonlyMap<string, Backend>;
  readonly clock: Clock;
  /** Null where no route hedges. */
  readonly hedging: Hedging | null;
  /** Routes that would rather have a cheaper model than none when the chosen one is full. */
  readonly degradable: ReadonlySet<string>;
  /** Who goes first at a full target; higher is sooner. */
  readonly priorityOf: (caller: Caller) => number;
  onAttempt(attempt: Attempt, failure: Failure | null): void;
}

/** Carries one decision out: call after call until one answers, the ways are used up, or the client leaves. */
export class Walk implements AttemptOwner, Waiter {
  readonly #job: Job;
  readonly #sink: ClientSink;
  readonly #around: Surroundings;
  readonly #options: readonly Option[];
  readonly #itinerary: Itinerary;
  readonly #attempts: Attempt[] = [];
  readonly #failures: Failure[] = [];
  #run: AttemptRun | null = null;
  /** The hedge of `#run`: until one of them has output, both may become the answer. */
  #rival: AttemptRun | null = null;
  #hedge: NodeJS.Timeout | null = null;
  #pause: NodeJS.Timeout | null = null;
  /** Waits at its target's gate. */
  #waiting: Stop | null = null;
  #finished = false;
  /** The chosen model was full. */
  #overloaded = false;

  constructor(job: Job, sink: ClientSink, around: Surroundings) {
    this.#job = job;
    this.#sink = sink;
    this.#around = around;
    this.#options = optionsOf(job.decision, job.models, job.query);
    this.#itinerary = new Itinerary(job, this.#options, around);
  }

  start(): void {
    if (this.#sink.gone) return this.#finish(null, null, true);
    const { plan } = this.#job.decision;
    if (plan.type === 'reject') return this.#finish(null, unanswerable(plan.reason), false);
    if (this.#options.length === 0) {
      const why =
        'No target of the models that were considered may see this prompt; see local_only, region and models.';
      return this.#finish(null, unanswerable(why), false);
    }
    this.#sink.onGone(this.#onGone);
    this.#next(null);
  }

  get share(): string {
    const { tenant, key } = this.#job.query.caller;
    return key === null ? tenant : `${tenant} ${key}`;
  }

  get priority(): number {
    return this.#around.priorityOf(this.#job.query.caller);
  }

  admitted(): void {
    const stop = this.#waiting;
    this.#waiting = null;
    if (stop !== null) this.#call(stop);
  }

  refused(retryAfterMs: number): void {
    const stop = this.#waiting;
    this.#waiting = null;
    if (stop === null) return;
    const message = `Target "${stop.target.id}" is full: its calls run and its line waits (capacity).`;
    const error = new PointsmanError('rate_limited', message, { retryAfterMs });
    this.#failures.push({ kind: 'status', error, retryable: true });
    if (this.#around.degradable.has(this.#job.decision.route) && this.#itinerary.degrade()) {
      this.#overloaded = true;
      this.#next(null);
    } else this.#giveUp();
  }

  alive(run: AttemptRun): void {
    this.#around.breaker.alive(run.target.id, run.beganAt);
    if (this.#hedge !== null || this.#rival !== null) this.#settle(run);
  }

  commit(run: AttemptRun, answer: BackendAnswer, whole: { attempt: Attempt; bytes: number } | null): void {
    // More was held back than may be, without any output: this is the answer now.
    if (this.#hedge !== null || this.#rival !== null) this.#settle(run);
    this.#sink.commit({
      answer,
      model: run.model.id,
      target: run.target.id,
      attempts: this.#attempts.length + 1,
      costUsd: whole ? totalCostUsd([...this.#attempts, whole.attempt]) : null,
      contentLength: whole ? whole.bytes : null,
      simulated: run.model.simulated,
      overloaded: this.#overloaded,
    });
  }

  write(bytes: Buffer): boolean {
    return this.#sink.write(bytes);
  }

  onDrain(resume: () => void): void {
    this.#sink.onDrain(resume);
  }

  over(run: AttemptRun, attempt: Attempt, failure: Failure | null): void {
    const { breaker, settings, hedging } = this.#around;
    const other = run === this.#run ? this.#rival : this.#run;
    if (other !== null)
      this.#hedgeEnded(failure === null || !failure.retryable ? run === this.#rival : run === this.#run);
    this.#run = null;
    this.#rival = null;
    if (this.#hedge !== null) this.#dropHedge();
    this.#attempts.push(attempt);
    const blow = failure && blowOf(failure);
    if (blow) breaker.failed(run.target.id, blow);
    else if (failure?.blameless === true) breaker.abandoned(run.target.id);
    else breaker.succeeded(run.target.id, run.beganAt, settings.slowMs !== null && tookMs(attempt) > settings.slowMs);
    if (hedging !== null && failure === null) this.#learn(hedging, attempt);
    this.#around.onAttempt(attempt, failure);
    this.#afterwards(run, failure, other);
    this.#release(run);
  }

  #afterwards(run: AttemptRun, failure: Failure | null, other: AttemptRun | null): void {
    if (failure === null) return this.#finish(run, null, false);
    if (run.committed) {
      return this.#finish(
        run,
        failure.kind === 'timeout' ? failure : { ...failure, kind: 'cut', retryable: false },
        false,
      );
    }
    this.#failures.push(failure);
    if (other !== null) {
      if (!failure.retryable) this.#lost(other);
      else {
        this.#run = other;
        return;
      }
    }
    if (!failure.retryable || this.#attempts.length >= this.#around.settings.maxAttempts) return this.#giveUp();
    this.#next({ target: run.target, failure });
  }

  #next(last: Last | null): void {
    const { random, settings } = this.#around;
    const stop = this.#itinerary.next(last);
    if (stop === null) {
      const again = this.#itinerary.again(last);
      return again === null ? this.#giveUp() : this.#rest(again.stop, again.waitMs);
    }
    if (!stop.pause) return this.#enter(stop);
    this.#rest(stop, settings.retryPauseMs * (0.5 + random.next()));
  }

  #rest(stop: Stop, ms: number): void {
    this.#pause = setTimeout(() => {
      this.#pause = null;
      this.#enter(stop);
    }, ms);
  }

  #enter(stop: Stop): void {
    const { id, capacity } = stop.target;
    if (capacity === undefined) return this.#call(stop);
    this.#waiting = stop;
    this.#around.gate.enter(id, capacity, this);
  }

  #call(stop: Stop): void {
    const run = this.#begin(stop);
    this.#run = run;
    const { hedging } = this.#around;
    if (hedging !== null && this.#attempts.length === 0) this.#armHedge(hedging, run);
    this.#dispatch(run);
  }

  #begin({ model, target }: Stop): AttemptRun {
    const { breaker, clock, loads, settings } = this.#around;
    const beganAt = breaker.begin(target.id);
    if (model.balance !== undefined) loads.begin(target.id, this.#tokens());
    return new AttemptRun(model, target, beganAt, this.#job, this, clock, settings);
  }

  #dispatch(run: AttemptRun): void {
    const { target } = run;
    const backend = this.#around.backends.get(target.backend);
    if (backend) return run.start(backend);
    const error = new PointsmanError('invalid_config', `Target "${target.id}" names no known backend.`);
    run.fail({ kind: 'garbage', error, retryable: true });
  }

  #armHedge(hedging: Hedging, run: AttemptRun): void {
    const { decision, query } = this.#job;
    const delayMs = hedging.delayMs(decision.route, run.target.id, query.stream);
    if (delayMs !== null) this.#hedge = setTimeout(() => this.#hedgeNow(hedging, run), delayMs);
  }

  #hedgeNow(hedging: Hedging, run: AttemptRun): void {
    this.#hedge = null;
    if (this.#around.settings.maxAttempts < 2 || !this.#affordsTwo(run)) return;
    const stop = this.#itinerary.beside(run.model);
    if (stop === null || !hedging.spend(this.#job.decision.route)) return;
    const { id, capacity } = stop.target;
    if (capacity !== undefined && !this.#around.gate.take(id, capacity, this.share)) return;
    this.#rival = this.#begin(stop);
    hedging.sent(this.#job.decision.route);
    this.#dispatch(this.#rival);
  }

  /** A dollar cap holds for everything that the request causes, so for both calls together. */
  #affordsTwo({ model }: AttemptRun): boolean {
    const { maxCostUsd } = this.#job.query.wishes;
    if (maxCostUsd === undefined) return true;
    const { candidates, predictions } = this.#job.decision;
    const index = candidates.findIndex((candidate) => candidate.model === model.id);
    const costUsd = predictions.cost?.mean[index];
    return costUsd !== undefined && 2 * costUsd <= maxCostUsd;
  }

  /** The winner is known: it stays, the other call ends. */
  #settle(winner: AttemptRun): void {
    this.#dropHedge();
    const loser = winner === this.#run ? this.#rival : this.#run;
    if (loser !== null) this.#hedgeEnded(winner === this.#rival);
    this.#run = winner;
    this.#rival = null;
    if (loser !== null) this.#lost(loser);
  }

  #lost(loser: AttemptRun): void {
    const { breaker, hedging } = this.#around;
    const attempt = loser.lose();
    this.#attempts.push(attempt);
    breaker.abandoned(loser.target.id);
    if (hedging !== null) this.#learn(hedging, attempt);
    this.#around.onAttempt(attempt, null);
    this.#release(loser);
  }

  /** Of a call that lost its time is not known: it is at least what it had waited. */
  #learn(hedging: Hedging, attempt: Attempt): void {
    if (!hedging.learnsFrom(this.#job.decision.route)) return;
    hedging.observed(attempt.target, this.#job.query.stream, tookMs(attempt));
  }

  /** `won`: the second call goes on alone. */
  #hedgeEnded(won: boolean): void {
    this.#around.hedging?.ended(this.#job.decision.route, won);
  }

  #dropHedge(): void {
    if (this.#hedge !== null) clearTimeout(this.#hedge);
    this.#hedge = null;
  }

  /** Gives back what the call took up at its target. */
  #release({ model, target, beganAt }: AttemptRun): void {
    const { gate, loads } = this.#around;
    if (model.balance !== undefined) loads.end(target.id, this.#tokens());
    if (target.capacity !== undefined) gate.leave(target.id, this.share, beganAt);
  }

  #tokens(): number {
    const { promptTokens, maxOutputTokens } = this.#job.query;
    return promptTokens + (maxOutputTokens ?? assumedOutputTokens);
  }

  #giveUp(): void {
    let waitMs: number | null = null;
    for (const { targets } of this.#options) {
      for (const { id } of targets) {
        const cooling = this.#around.breaker.coolingMs(id);
        if (cooling > 0 && (waitMs === null || cooling < waitMs)) waitMs = cooling;
      }
    }
    this.#finish(null, verdictOf(this.#failures, waitMs), false);
  }

  readonly #onGone = (): void => {
    if (this.#finished) return;
    if (this.#pause) clearTimeout(this.#pause);
    if (this.#hedge !== null) this.#dropHedge();
    if (this.#waiting) this.#around.gate.cancel(this.#waiting.target.id, this);
    this.#waiting = null;
    const rival = this.#rival;
    const run = this.#run;
    this.#rival = null;
    if (rival) {
      this.#hedgeEnded(false);
      this.#left(rival);
    }
    if (run) this.#left(run);
    this.#finish(run?.committed ? run : null, null, true);
  };

  #left(run: AttemptRun): void {
    const attempt = run.abort();
    this.#attempts.push(attempt);
    this.#around.breaker.abandoned(run.target.id);
    this.#around.onAttempt(attempt, null);
    this.#release(run);
  }

  #finish(served: AttemptRun | null, failure: Failure | null, aborted: boolean): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#run = null;
    const { plan } = this.#job.decision;
    const servedModel = served?.model.id ?? null;
    this.#sink.finish({
      servedModel,
      fallback: servedModel !== null && plan.type === 'route' && servedModel !== plan.model,
      attempts: this.#attempts,
      costUsd: totalCostUsd(this.#attempts),
      failure,
      aborted,
    });
  }
}

/** Believed of an answer whose length nobody limited. */
const assumedOutputTokens = 250;

/** Milliseconds to the first output; to the end where none came. */
const tookMs = ({ startedAt, firstTokenAt, endedAt }: Attempt): number => (firstTokenAt ?? endedAt) - startedAt;

function unanswerable(why: string): Failure {
  return { kind: 'status', error: new PointsmanError('no_eligible_candidate', why), retryable: false };
}

/** Null where the target did nothing wrong. */
function blowOf(failure: Failure): Blow | null {
  if (failure.passThrough || failure.blameless === true) return null;
  const atLeastMs = failure.error.retryAfterMs ?? 0;
  switch (failure.kind) {
    case 'credential':
      return { opens: true, atLeastMs };
    case 'status':
      if (!failure.retryable) return null;
      return { opens: failure.error.code === 'rate_limited', atLeastMs };
    case 'connect':
    case 'timeout':
    case 'cut':
    case 'garbage':
      return { opens: false, atLeastMs };
    default:
      return failure.kind satisfies never;
  }
}
