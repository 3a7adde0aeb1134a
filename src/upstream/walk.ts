import type { Backend, BackendAnswer, Failure } from '../core/backend.ts';
import type { Clock } from '../core/clock.ts';
import { PointsmanError } from '../core/errors.ts';
import type { Attempt } from '../core/outcome.ts';
import type { Random } from '../core/random.ts';
import { AttemptRun, type AttemptOwner } from './attempt-run.ts';
import type { Blow, Breaker } from './breaker.ts';
import { totalCostUsd } from './cost.ts';
import type { ClientSink } from './execute.ts';
import { Itinerary, type Stop } from './itinerary.ts';
import type { Job } from './job.ts';
import { optionsOf, type Option } from './plan.ts';
import type { UpstreamSettings } from './settings.ts';
import { verdictOf } from './verdict.ts';

/** What all walks share. */
export interface Surroundings {
  readonly backends: ReadonlyMap<string, Backend>;
  readonly breaker: Breaker;
  readonly clock: Clock;
  readonly random: Random;
  readonly settings: UpstreamSettings;
  onAttempt(attempt: Attempt, failure: Failure | null): void;
}

/** Carries one decision out: call after call until one answers, the ways are used up, or the client leaves. */
export class Walk implements AttemptOwner {
  readonly #job: Job;
  readonly #sink: ClientSink;
  readonly #around: Surroundings;
  readonly #options: readonly Option[];
  readonly #itinerary: Itinerary;
  readonly #attempts: Attempt[] = [];
  readonly #failures: Failure[] = [];
  #run: AttemptRun | null = null;
  #pause: NodeJS.Timeout | null = null;
  #finished = false;

  constructor(job: Job, sink: ClientSink, around: Surroundings) {
    this.#job = job;
    this.#sink = sink;
    this.#around = around;
    this.#options = optionsOf(job.decision, job.models, job.query);
    this.#itinerary = new Itinerary(this.#options, around.breaker, around.random);
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

  alive(run: AttemptRun): void {
    this.#around.breaker.alive(run.target.id, run.beganAt);
  }

  commit(run: AttemptRun, answer: BackendAnswer, whole: { attempt: Attempt; bytes: number } | null): void {
    this.#sink.commit({
      answer,
      model: run.model.id,
      target: run.target.id,
      attempts: this.#attempts.length + 1,
      costUsd: whole ? totalCostUsd([...this.#attempts, whole.attempt]) : null,
      contentLength: whole ? whole.bytes : null,
      simulated: run.model.simulated,
    });
  }

  write(bytes: Buffer): boolean {
    return this.#sink.write(bytes);
  }

  onDrain(resume: () => void): void {
    this.#sink.onDrain(resume);
  }

  over(run: AttemptRun, attempt: Attempt, failure: Failure | null): void {
    const { breaker } = this.#around;
    this.#run = null;
    this.#attempts.push(attempt);
    const blow = failure && blowOf(failure);
    if (blow) breaker.failed(run.target.id, blow);
    else breaker.succeeded(run.target.id, run.beganAt);
    this.#around.onAttempt(attempt, failure);
    if (failure === null) return this.#finish(run, null, false);
    if (run.committed) {
      return this.#finish(
        run,
        failure.kind === 'timeout' ? failure : { ...failure, kind: 'cut', retryable: false },
        false,
      );
    }
    this.#failures.push(failure);
    if (!failure.retryable || this.#attempts.length >= this.#around.settings.maxAttempts) return this.#giveUp();
    this.#next({ target: run.target, failure });
  }

  #next(last: { target: AttemptRun['target']; failure: Failure } | null): void {
    const stop = this.#itinerary.next(last);
    if (stop === null) return this.#giveUp();
    if (!stop.pause) return this.#call(stop);
    const { random, settings } = this.#around;
    this.#pause = setTimeout(
      () => {
        this.#pause = null;
        this.#call(stop);
      },
      settings.retryPauseMs * (0.5 + random.next()),
    );
  }

  #call({ model, target }: Stop): void {
    const { backends, breaker, clock, settings } = this.#around;
    const beganAt = breaker.begin(target.id);
    const run = new AttemptRun(model, target, beganAt, this.#job, this, clock, settings);
    this.#run = run;
    const backend = backends.get(target.backend);
    if (backend) return run.start(backend);
    const error = new PointsmanError('invalid_config', `Target "${target.id}" names no known backend.`);
    run.fail({ kind: 'garbage', error, retryable: true });
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
    const run = this.#run;
    if (run) {
      const attempt = run.abort();
      this.#attempts.push(attempt);
      this.#around.breaker.abandoned(run.target.id);
      this.#around.onAttempt(attempt, null);
    }
    this.#finish(run?.committed ? run : null, null, true);
  };

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

function unanswerable(why: string): Failure {
  return { kind: 'status', error: new PointsmanError('no_eligible_candidate', why), retryable: false };
}

/** Null where the target did nothing wrong. */
function blowOf(failure: Failure): Blow | null {
  if (failure.passThrough) return null;
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
