import { conversationHead } from '../core/conversation-head.ts';
import type { Failure } from '../core/backend.ts';
import type { Model, Price, Target } from '../core/candidate.ts';
import { hash32, type Random } from '../core/random.ts';
import { balance } from './balance.ts';
import type { Breaker } from './breaker.ts';
import type { Gate } from './gate.ts';
import type { Job } from './job.ts';
import { pickTarget } from './pick.ts';
import type { Option } from './plan.ts';
import type { UpstreamSettings } from './settings.ts';
import type { TargetLoads } from './target-loads.ts';

/** The next call; `pause` where the same target is asked again. */
export interface Stop {
  readonly model: Model;
  readonly target: Target;
  readonly pause: boolean;
}

/** How the call before went. */
export interface Last {
  readonly target: Target;
  readonly failure: Failure;
}

/** What it looks at. */
export interface Streets {
  readonly breaker: Breaker;
  readonly loads: TargetLoads;
  readonly gate: Gate;
  readonly random: Random;
  readonly settings: UpstreamSettings;
  /** Key of the hash that breaks ties between targets. */
  readonly salt: number;
}

/** Targets of one model that one request may ask. */
const triesPerModel = 2;

/**
 * Whom to ask next, one question at a time, since a breaker may open between two calls:
 * a target of the best model (by the model's balance; cooling ones passed over, those with a free slot first); once
 * another target of it, or, where no connection came about and there is no other, the same one again (once per request);
 * then the next model in the ranking.
 * Where all others failed or cool down, those that cool are asked once all the same, the soonest first, unless they told
 * us themselves when to come back: a way to an answer is never taken away by our own guess.
 *
 * Which of several equal targets is asked is settled by a keyed hash of the decision's id: other requests, of other
 * tenants, do not move it.
 */
export class Itinerary {
  #options: readonly Option[];
  readonly #job: Job;
  readonly #streets: Streets;
  readonly #tried = new Set<string>();
  #at = 0;
  #triesHere = 0;
  #draws = 0;
  #repeated = false;
  #backoffs = 0;

  constructor(job: Job, options: readonly Option[], streets: Streets) {
    this.#job = job;
    this.#options = options;
    this.#streets = streets;
  }

  /** `last` null at the start. */
  next(last: Last | null): Stop | null {
    for (let option = this.#options[this.#at]; option !== undefined; option = this.#options[++this.#at]) {
      if (this.#triesHere < triesPerModel) {
        const target = this.#choose(option, this.#free(option.targets));
        if (target) return this.#go(option.model, target, false);
        if (last && this.#triesHere === 1 && this.#mayRepeat(last)) {
          this.#repeated = true;
          return this.#go(option.model, last.target, true);
        }
      }
      this.#triesHere = 0;
    }
    return this.#lastResort();
  }

  /**
   * Everybody was asked. Whom to ask again, and when: whoever named a time that is near, else the last one after a pause
   * that doubles. Null where neither helps.
   */
  again(last: Last | null): { readonly stop: Stop; readonly waitMs: number } | null {
    const { breaker, random, settings } = this.#streets;
    let soonest = settings.retryWaitMs;
    let found: Stop | null = null;
    for (const { model, targets } of this.#options) {
      for (const target of targets) {
        const cooling = breaker.coolingMs(target.id);
        if (!breaker.limited(target.id) || cooling > soonest) continue;
        soonest = cooling;
        found = { model, target, pause: true };
      }
    }
    // A little later than told, and not all at once.
    if (found !== null) return { stop: found, waitMs: soonest * (1 + 0.1 * random.next()) + 1 };
    if (last === null || !mayPass(last.failure) || this.#backoffs >= settings.backoffTries) return null;
    const option = this.#options.find(({ targets }) => targets.includes(last.target));
    if (option === undefined || !breaker.available(last.target.id)) return null;
    const waitMs = settings.backoffMs * 2 ** this.#backoffs++ * (0.5 + random.next());
    return { stop: { model: option.model, target: last.target, pause: true }, waitMs };
  }

  /** Another target of the same model that could begin at once, for a hedge. */
  beside(model: Model): Stop | null {
    const option = this.#options.find((each) => each.model === model);
    if (option === undefined) return null;
    const { gate } = this.#streets;
    const free = option.targets.filter(
      (target) => this.#isFree(target) && (target.capacity === undefined || gate.isFree(target.id, target.capacity)),
    );
    const target = this.#choose(option, free);
    if (target === null) return null;
    this.#tried.add(target.id);
    return { model, target, pause: false };
  }

  /** The model is full. Leaves only models that are cheaper than it; false where there is none. */
  degrade(): boolean {
    const full = this.#options[this.#at];
    if (full === undefined) return false;
    const bound = dollarsOf(full.model.price);
    this.#options = this.#options.slice(this.#at + 1).filter(({ model }) => dollarsOf(model.price) < bound);
    this.#at = 0;
    this.#triesHere = 0;
    return this.#options.length > 0;
  }

  #go(model: Model, target: Target, pause: boolean): Stop {
    this.#triesHere++;
    this.#tried.add(target.id);
    return { model, target, pause };
  }

  #choose({ model }: Option, free: readonly Target[]): Target | null {
    const [only] = free;
    if (free.length <= 1) return only ?? null;
    const { gate, loads, salt } = this.#streets;
    const roomy = withRoom(free, gate);
    const uniform = hash32(this.#job.decision.id, salt + this.#draws++) / 2 ** 32;
    const rule = model.balance;
    if (rule === undefined || rule === 'weighted') return pickTarget(roomy, uniform);
    const head = rule === 'prefix-affine' ? conversationHead(this.#job.body.parsed) : null;
    return balance(rule, roomy, loads, { head, uniform });
  }

  #free(targets: readonly Target[]): readonly Target[] {
    // Nearly always every target is free, and a new list would be a waste.
    for (const target of targets) {
      if (!this.#isFree(target)) return targets.filter((each) => this.#isFree(each));
    }
    return targets;
  }

  #isFree({ id }: Target): boolean {
    return !this.#tried.has(id) && this.#streets.breaker.available(id);
  }

  #mayRepeat({ target, failure }: Last): boolean {
    if (failure.kind !== 'connect' || this.#repeated) return false;
    const { breaker } = this.#streets;
    // Calls that died together with this one may have opened the breaker: where nobody else can be asked, that is no
    // reason to take the second try away. Behind the same name there may be another host by now.
    return breaker.available(target.id) || (this.#options.length === 1 && !breaker.limited(target.id));
  }

  #lastResort(): Stop | null {
    const { breaker } = this.#streets;
    let best: Stop | null = null;
    let soonest = Infinity;
    for (const { model, targets } of this.#options) {
      const tries = targets.filter(({ id }) => this.#tried.has(id)).length;
      for (const target of targets) {
        if (this.#tried.has(target.id) || breaker.limited(target.id)) continue;
        // Well by now. It may have been cooling when it was passed over; else its model had its tries.
        if (tries >= triesPerModel && breaker.available(target.id)) continue;
        const cooling = breaker.coolingMs(target.id);
        if (cooling >= soonest) continue;
        soonest = cooling;
        best = { model, target, pause: false };
      }
    }
    return best ? this.#go(best.model, best.target, false) : null;
  }
}

/** Targets that can begin at once; where none can, those with the shortest line. */
function withRoom(targets: readonly Target[], gate: Gate): readonly Target[] {
  let bounded = false;
  for (const { capacity } of targets) bounded ||= capacity !== undefined;
  if (!bounded) return targets;
  const free = targets.filter(({ id, capacity }) => capacity === undefined || gate.isFree(id, capacity));
  if (free.length > 0) return free;
  const lengths = targets.map(({ id, capacity }) => (capacity === undefined ? 0 : gate.fullness(id, capacity)));
  const shortest = Math.min(...lengths);
  return targets.filter((_, i) => lengths[i] === shortest);
}

/** Failures that a moment's patience may mend. A deadline that was missed has cost enough of it already. */
function mayPass({ kind, error }: Failure): boolean {
  return (kind === 'status' && error.code !== 'rate_limited') || kind === 'connect' || kind === 'cut';
}

const dollarsOf = (price: Price | null): number => (price === null ? Infinity : price.input + price.output);
