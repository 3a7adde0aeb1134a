import type { Failure } from '../core/backend.ts';
import type { Model, Target } from '../core/candidate.ts';
import type { Random } from '../core/random.ts';
import type { Breaker } from './breaker.ts';
import { pickTarget } from './pick.ts';
import type { Option } from './plan.ts';

/** The next call; `pause` where the same target is asked again. */
export interface Stop {
  readonly model: Model;
  readonly target: Target;
  readonly pause: boolean;
}

/** Targets of one model that one request may ask. */
const triesPerModel = 2;

/**
 * Whom to ask next, one question at a time, since a breaker may open between two calls:
 * a target of the best model (weighted, cooling ones passed over); once another target of it, or, where no connection
 * came about and there is no other, the same one again (once per request); then the next model in the ranking.
 * Where everything cools down, the target whose cooldown ends soonest is asked once all the same, unless it told us
 * itself when to come back: the last way to an answer is never taken away by our own guess.
 */
export class Itinerary {
  readonly #options: readonly Option[];
  readonly #breaker: Breaker;
  readonly #random: Random;
  readonly #tried = new Set<string>();
  #at = 0;
  #triesHere = 0;
  #repeated = false;

  constructor(options: readonly Option[], breaker: Breaker, random: Random) {
    this.#options = options;
    this.#breaker = breaker;
    this.#random = random;
  }

  /** `last` is how the call before went, with its target; null at the start. */
  next(last: { readonly target: Target; readonly failure: Failure } | null): Stop | null {
    for (let option = this.#options[this.#at]; option !== undefined; option = this.#options[++this.#at]) {
      if (this.#triesHere < triesPerModel) {
        const target = pickTarget(this.#free(option.targets), this.#random);
        if (target) return this.#go(option.model, target, false);
        if (last && this.#triesHere === 1 && this.#mayRepeat(last)) {
          this.#repeated = true;
          return this.#go(option.model, last.target, true);
        }
      }
      this.#triesHere = 0;
    }
    return this.#tried.size === 0 ? this.#lastResort() : null;
  }

  #go(model: Model, target: Target, pause: boolean): Stop {
    this.#triesHere++;
    this.#tried.add(target.id);
    return { model, target, pause };
  }

  #free(targets: readonly Target[]): readonly Target[] {
    const free = (target: Target): boolean => !this.#tried.has(target.id) && this.#breaker.available(target.id);
    // Nearly always every target is free, and a new list would be a waste.
    return targets.every(free) ? targets : targets.filter(free);
  }

  #mayRepeat({ target, failure }: { readonly target: Target; readonly failure: Failure }): boolean {
    return failure.kind === 'connect' && !this.#repeated && this.#breaker.available(target.id);
  }

  #lastResort(): Stop | null {
    let best: Stop | null = null;
    let soonest = Infinity;
    for (const { model, targets } of this.#options) {
      for (const target of targets) {
        if (this.#breaker.limited(target.id)) continue;
        const cooling = this.#breaker.coolingMs(target.id);
        if (cooling >= soonest) continue;
        soonest = cooling;
        best = { model, target, pause: false };
      }
    }
    return best ? this.#go(best.model, best.target, false) : null;
  }
}
