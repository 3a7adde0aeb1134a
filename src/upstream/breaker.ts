import type { Clock } from '../core/clock.ts';
import { RecentCalls } from './recent-calls.ts';
import type { UpstreamSettings } from './settings.ts';

/** What is remembered of one target across requests. */
interface Memory {
  /** Consecutive failures. */
  failures: number;
  /** Cooldowns since the last whole answer: the exponent of the backoff. */
  cooldowns: number;
  /** Monotonic milliseconds; 0 while closed. */
  until: number;
  /** The part of `until` that calls brought about, not health checks. */
  callsUntil: number;
  /** When it last opened: how calls from before ended says nothing about now. */
  openedAt: number;
  /** The upstream itself named this time (429): asking before it is of no use. */
  limitedUntil: number;
  /** One call is finding out whether the target is back. */
  probing: boolean;
  /** A health check has failed since the last that passed and the last whole answer. */
  checked: boolean;
  readonly recent: RecentCalls;
}

export interface TargetHealth {
  readonly target: string;
  /** `closed`: in use. `open`: cooling down. `half_open`: one call may try it, or is trying it. */
  readonly state: 'closed' | 'open' | 'half_open';
  readonly failures: number;
  readonly coolingMs: number;
}

/** How bad a failure is for the target's standing. */
export interface Blow {
  /** Open at once instead of after `failuresToOpen`: the next call would fail alike. */
  readonly opens: boolean;
  /** The upstream's own retry-after; 0 where it named none. */
  readonly atLeastMs: number;
}

/**
 * One circuit breaker per target. Consecutive failures, a share of failures among the last calls, or a share of slow
 * ones open it for a cooldown that doubles each time; of two deadlines the longer wins; after it a single probe is let
 * through. The end of a whole answer closes it for good. A target that was never in trouble is not remembered at all.
 */
export class Breaker {
  readonly #clock: Clock;
  readonly #settings: UpstreamSettings;
  readonly #targets = new Map<string, Memory>();

  constructor(clock: Clock, settings: UpstreamSettings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  /** May this target be asked now? */
  available(target: string): boolean {
    const memory = this.#targets.get(target);
    if (memory === undefined || memory.until === 0) return true;
    return !memory.probing && memory.until <= this.#clock.monotonic();
  }

  /** Milliseconds until the cooldown ends; 0 where none runs. */
  coolingMs(target: string): number {
    const memory = this.#targets.get(target);
    return memory === undefined || memory.until === 0 ? 0 : Math.max(0, memory.until - this.#clock.monotonic());
  }

  /** True while the upstream itself told us to stay away. */
  limited(target: string): boolean {
    return (this.#targets.get(target)?.limitedUntil ?? 0) > this.#clock.monotonic();
  }

  /** A call goes out. After a cooldown it is the probe. Returns when it began, to be handed to `alive`, `succeeded`. */
  begin(target: string): number {
    const now = this.#clock.monotonic();
    const memory = this.#targets.get(target);
    if (memory !== undefined && memory.until !== 0 && memory.until <= now) memory.probing = true;
    return now;
  }

  /** The first real output: the target lives, so others may use it again. Its record is not yet clean. */
  alive(target: string, beganAt: number): void {
    const memory = this.#targets.get(target);
    if (memory === undefined || memory.until === 0 || beganAt < memory.openedAt) return;
    memory.probing = false;
    memory.until = 0;
    memory.callsUntil = 0;
  }

  /** A whole answer, or a refusal that is the client's own doing; `slow`: its first output took too long. */
  succeeded(target: string, beganAt: number, slow = false): void {
    let memory = this.#targets.get(target);
    if (memory === undefined) {
      if (!slow) return;
      memory = this.#remember(target);
    }
    const now = this.#clock.monotonic();
    memory.recent.add(now, false, slow);
    if (memory.until === 0 || beganAt >= memory.openedAt) {
      const { slowRate, rateCalls } = this.#settings;
      memory.failures = 0;
      memory.probing = false;
      memory.checked = false;
      memory.until = 0;
      memory.callsUntil = 0;
      memory.limitedUntil = 0;
      if (slow && memory.recent.drags(slowRate, rateCalls)) return this.#cool(memory, now);
      memory.cooldowns = 0;
      if (memory.recent.clean) this.#targets.delete(target);
    }
  }

  /** The client left: no verdict, but a probe is over. */
  abandoned(target: string): void {
    const memory = this.#targets.get(target);
    if (memory !== undefined) memory.probing = false;
  }

  failed(target: string, blow: Blow): void {
    const memory = this.#targets.get(target) ?? this.#remember(target);
    const now = this.#clock.monotonic();
    memory.failures++;
    memory.probing = false;
    memory.recent.add(now, true, false);
    const cooling = memory.until > now;
    if (blow.atLeastMs > 0) {
      memory.limitedUntil = Math.max(memory.limitedUntil, now + blow.atLeastMs);
      this.#extend(memory, now, blow.atLeastMs);
      memory.callsUntil = Math.max(memory.callsUntil, now + blow.atLeastMs);
      // It knows better than our guess.
      if (blow.opens) return;
    }
    // Many calls that fail together are one event: they do not lengthen the cooldown that the first of them began.
    if (cooling) return;
    const halfOpen = memory.until !== 0;
    const { failuresToOpen, errorRate, rateCalls } = this.#settings;
    const tripped = memory.failures >= failuresToOpen || memory.recent.fails(errorRate, rateCalls);
    if (halfOpen || blow.opens || tripped) this.#cool(memory, now);
  }

  /** A health check failed: nobody asks the target for `ms`, or until `checkPassed`. */
  checkFailed(target: string, ms: number): void {
    const memory = this.#targets.get(target) ?? this.#remember(target);
    memory.checked = true;
    this.#extend(memory, this.#clock.monotonic(), ms);
  }

  /** Takes back what `checkFailed` did; a cooldown that calls or the upstream itself brought about runs on. */
  checkPassed(target: string): void {
    const memory = this.#targets.get(target);
    if (memory === undefined || !memory.checked) return;
    memory.checked = false;
    memory.until = memory.callsUntil;
    if (memory.until === 0 && memory.failures === 0 && memory.recent.clean) this.#targets.delete(target);
  }

  /** Another gateway has found out that the target needs a rest. */
  keepOut(target: string, ms: number): void {
    const memory = this.#targets.get(target) ?? this.#remember(target);
    const now = this.#clock.monotonic();
    this.#extend(memory, now, ms);
    memory.callsUntil = Math.max(memory.callsUntil, now + ms);
  }

  /** Another gateway was answered by it. Its record here is not yet clean. */
  letIn(target: string): void {
    const memory = this.#targets.get(target);
    if (memory === undefined || memory.checked) return;
    memory.until = 0;
    memory.callsUntil = 0;
    memory.limitedUntil = 0;
    memory.probing = false;
    if (memory.failures === 0 && memory.recent.clean) this.#targets.delete(target);
  }

  /** Milliseconds until the first of the cooldowns that run ends; null where none runs. */
  soonestMs(): number | null {
    let soonest: number | null = null;
    for (const target of this.#targets.keys()) {
      const cooling = this.coolingMs(target);
      if (cooling > 0 && (soonest === null || cooling < soonest)) soonest = cooling;
    }
    return soonest;
  }

  /** The target is gone, or is now another behind the same name. */
  forget(target: string): void {
    this.#targets.delete(target);
  }

  /** Targets that have failed since their last whole answer, or are kept out. */
  snapshot(): readonly TargetHealth[] {
    const troubled = [...this.#targets].filter(([, { failures, until }]) => failures > 0 || until !== 0);
    return troubled.map(([target, { failures, until }]) => {
      const coolingMs = this.coolingMs(target);
      return { target, state: until === 0 ? 'closed' : coolingMs > 0 ? 'open' : 'half_open', failures, coolingMs };
    });
  }

  #remember(target: string): Memory {
    const memory: Memory = {
      failures: 0,
      cooldowns: 0,
      until: 0,
      callsUntil: 0,
      openedAt: 0,
      limitedUntil: 0,
      probing: false,
      checked: false,
      recent: new RecentCalls(),
    };
    this.#targets.set(target, memory);
    return memory;
  }

  /** Opens for the next cooldown. What went before has been paid for: rates count anew. */
  #cool(memory: Memory, now: number): void {
    const { cooldownMs, maxCooldownMs } = this.#settings;
    const ms = Math.min(maxCooldownMs, cooldownMs * 2 ** memory.cooldowns);
    memory.cooldowns++;
    memory.recent.clear();
    this.#extend(memory, now, ms);
    memory.callsUntil = Math.max(memory.callsUntil, now + ms);
  }

  #extend(memory: Memory, now: number, ms: number): void {
    if (now + ms <= memory.until) return;
    memory.until = now + ms;
    memory.openedAt = now;
  }
}
