import type { Backend, BackendAnswer, BackendEvents, BackendResult, CallHandle, Failure } from '../core/backend.ts';
import type { Model, Target } from '../core/candidate.ts';
import type { Clock } from '../core/clock.ts';
import { messageOf, PointsmanError } from '../core/errors.ts';
import type { Attempt, EndReason } from '../core/outcome.ts';
import { costUsdOf, costUsdOfFailure } from './cost.ts';
import { Deadlines, type Deadline } from './deadlines.ts';
import { endReasonOf, endReasonOfFailure } from './end-reason.ts';
import type { Job } from './job.ts';
import type { UpstreamSettings } from './settings.ts';
import { withToolCallIds } from './tool-call-ids.ts';

/** Where one call's answer goes and who hears how it ended; the walk over the plan. */
export interface AttemptOwner {
  /** The first real output of this call is here. */
  alive(run: AttemptRun): void;
  /** From now on the client gets this answer and no other. `attempt` is set where it has already ended. */
  commit(run: AttemptRun, answer: BackendAnswer, whole: { attempt: Attempt; bytes: number } | null): void;
  /** False: full; `onDrain` calls back. */
  write(bytes: Buffer): boolean;
  onDrain(resume: () => void): void;
  /** Exactly once, unless the run was aborted. Null: the whole answer was delivered. */
  over(run: AttemptRun, attempt: Attempt, failure: Failure | null): void;
}

/**
 * One call of one target. Holds a stream back until its first real output, and a whole answer until its end, so that
 * another target can still be tried; then lets the bytes through, at the client's pace.
 */
export class AttemptRun implements BackendEvents {
  readonly model: Model;
  readonly target: Target;
  /** Monotonic milliseconds. */
  readonly beganAt: number;
  /** The client has had bytes of this answer. */
  committed = false;

  readonly #job: Job;
  readonly #owner: AttemptOwner;
  readonly #clock: Clock;
  readonly #settings: UpstreamSettings;
  readonly #startedAt: number;
  readonly #deadlines: Deadlines;
  #handle: CallHandle | null = null;
  #answer: BackendAnswer | null = null;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #firstTokenAt: number | null = null;
  #waiting = false;
  #over = false;

  constructor(
    model: Model,
    target: Target,
    beganAt: number,
    job: Job,
    owner: AttemptOwner,
    clock: Clock,
    settings: UpstreamSettings,
  ) {
    this.model = model;
    this.target = target;
    this.beganAt = beganAt;
    this.#job = job;
    this.#owner = owner;
    this.#clock = clock;
    this.#settings = settings;
    this.#startedAt = clock.now();
    this.#deadlines = new Deadlines(target.timeouts, job.query.stream, clock, (deadline) => this.#expire(deadline));
  }

  start(backend: Backend): void {
    const { query, body, includeUsage } = this.#job;
    const { target, model } = this;
    const call = {
      requestId: query.id,
      format: query.format,
      promptTokens: query.promptTokens,
      target,
      model: model.id,
      body: target.toolCallIds === undefined ? body : withToolCallIds(body, target.toolCallIds),
      stream: query.stream,
      includeUsage,
      dimensions: model.embedding?.dimensions,
    };
    try {
      this.#handle = backend.call(call, this);
    } catch (cause) {
      const error =
        cause instanceof PointsmanError
          ? cause
          : new PointsmanError('internal_error', `Target "${target.id}" could not be called: ${messageOf(cause)}`, {
              cause,
            });
      this.fail({ kind: 'garbage', error, retryable: true });
    }
    if (this.#over) this.#handle?.abort();
  }

  /** The client went away. Returns the row that tells so. */
  abort(): Attempt {
    this.#close();
    return this.#row('client_closed', null, null);
  }

  /**
   * Another call was quicker. Returns the row that tells so, with what its prompt must have cost at least: the upstream
   * had read it, and nobody will ever tell how far it came.
   */
  lose(): Attempt {
    this.#close();
    const { price } = this.model;
    const row = this.#row('hedge_lost', null, null);
    return price === null ? row : { ...row, costUsd: (this.#job.query.promptTokens * price.input) / 1e6 };
  }

  answer(answer: BackendAnswer): void {
    this.#answer = answer;
  }

  data(bytes: Buffer, output: boolean): boolean {
    if (this.#over) return true;
    if (output && this.#firstTokenAt === null) {
      this.#firstTokenAt = this.#clock.now();
      if (this.#job.query.stream) this.#deadlines.begin();
      this.#owner.alive(this);
    } else this.#deadlines.touch();
    if (this.committed) return this.#write(bytes);
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (!this.#job.query.stream) return true;
    const full = this.#heldBytes > this.#settings.holdBytes || this.#held.length > this.#settings.holdEvents;
    return output || full ? this.#commit(null) : true;
  }

  end(result: BackendResult): void {
    if (this.#over) return;
    const attempt = this.#row(endReasonOf(result.finishReason), result, null);
    if (!this.committed) this.#commit(this.#job.query.stream ? null : attempt);
    // The commit may have told us that the client is gone.
    if (this.#over) return;
    this.#close(false);
    this.#owner.over(this, attempt, null);
  }

  fail(failure: Failure): void {
    if (this.#over) return;
    this.#close(false);
    this.#owner.over(this, this.#row(endReasonOfFailure(failure), null, failure), failure);
  }

  #expire(deadline: Deadline): void {
    this.#handle?.abort();
    const { timeouts, id } = this.target;
    const why = {
      first_token: `no token within ${timeouts.firstTokenMs} ms (timeouts.first_token_ms)`,
      idle: `no byte for ${timeouts.idleMs} ms (timeouts.idle_ms)`,
      total: `no whole answer within ${timeouts.totalMs} ms (timeouts.total_ms)`,
    }[deadline];
    const error = new PointsmanError('upstream_timeout', `Target "${id}" sent ${why}.`);
    this.fail({ kind: 'timeout', error, retryable: true, status: this.#answer?.status });
  }

  #commit(whole: Attempt | null): boolean {
    this.committed = true;
    const held = this.#held;
    this.#held = [];
    const answer = this.#answer ?? { status: 200, headers: {} };
    this.#owner.commit(this, answer, whole ? { attempt: whole, bytes: this.#heldBytes } : null);
    let free = true;
    for (const bytes of held) {
      if (this.#over) return true;
      free = this.#write(bytes);
    }
    return free;
  }

  #write(bytes: Buffer): boolean {
    if (!this.#owner.write(bytes) && !this.#waiting) {
      this.#waiting = true;
      this.#deadlines.wait(true);
      this.#owner.onDrain(() => {
        this.#waiting = false;
        if (this.#over) return;
        this.#deadlines.wait(false);
        this.#handle?.resume();
      });
    }
    return !this.#waiting;
  }

  #close(abort = true): void {
    this.#over = true;
    this.#deadlines.clear();
    if (abort) this.#handle?.abort();
  }

  #row(endReason: EndReason, result: BackendResult | null, failure: Failure | null): Attempt {
    return {
      model: this.model.id,
      target: this.target.id,
      startedAt: this.#startedAt,
      firstTokenAt: this.#firstTokenAt,
      endedAt: this.#clock.now(),
      status: this.#answer?.status ?? failure?.status ?? null,
      usage: result?.usage ?? null,
      costUsd: result ? costUsdOf(result, this.model.price) : failure ? costUsdOfFailure(failure) : null,
      endReason,
    };
  }
}
