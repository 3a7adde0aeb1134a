import * as fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../src/core/clock.ts';
import { Breaker } from '../../src/upstream/breaker.ts';
import { defaultUpstreamSettings } from '../../src/upstream/settings.ts';

const settings = { ...defaultUpstreamSettings, failuresToOpen: 3, cooldownMs: 1000, maxCooldownMs: 5000 };
const soft = { opens: false, atLeastMs: 0 };

let clock: ReturnType<typeof manualClock>;
let breaker: Breaker;
beforeEach(() => {
  clock = manualClock(50);
  breaker = new Breaker(clock, settings);
});

const fail = (times: number, blow = soft): void => {
  for (let i = 0; i < times; i++) breaker.failed('t', blow);
};

describe('Breaker', () => {
  it('opens at the third failure in a row, for that target alone', () => {
    fail(2);
    expect(breaker.available('t')).toBe(true);
    fail(1);
    expect(breaker.available('t')).toBe(false);
    expect(breaker.available('other')).toBe(true);
    expect(breaker.coolingMs('t')).toBe(1000);
  });

  it('forgets failures when a whole answer comes', () => {
    fail(2);
    breaker.succeeded('t', breaker.begin('t'));
    fail(2);
    expect(breaker.available('t')).toBe(true);
  });

  it('lets exactly one probe through after the cooldown', () => {
    fail(3);
    clock.advance(1000);
    expect(breaker.available('t')).toBe(true);
    expect(breaker.snapshot()).toMatchObject([{ state: 'half_open' }]);
    breaker.begin('t');
    expect(breaker.available('t')).toBe(false);
  });

  it('doubles the cooldown with each failed probe, up to the bound', () => {
    fail(3);
    const cooldowns: number[] = [];
    for (let i = 0; i < 5; i++) {
      cooldowns.push(breaker.coolingMs('t'));
      clock.advance(breaker.coolingMs('t'));
      breaker.begin('t');
      fail(1);
    }
    expect(cooldowns).toEqual([1000, 2000, 4000, 5000, 5000]);
  });

  it('takes the target back at the probe’s first output, but keeps its record until a whole answer', () => {
    fail(3);
    clock.advance(1000);
    const beganAt = breaker.begin('t');
    breaker.alive('t', beganAt);
    expect(breaker.available('t')).toBe(true);
    fail(1);
    expect(breaker.coolingMs('t')).toBe(2000);
  });

  it('a whole answer wipes the record', () => {
    fail(3);
    clock.advance(1000);
    breaker.succeeded('t', breaker.begin('t'));
    fail(2);
    expect(breaker.available('t')).toBe(true);
    expect(breaker.snapshot()).toMatchObject([{ state: 'closed', failures: 2 }]);
  });

  it('a client that leaves the probe frees the way for the next', () => {
    fail(3);
    clock.advance(1000);
    breaker.begin('t');
    breaker.abandoned('t');
    expect(breaker.available('t')).toBe(true);
  });

  it('many calls that fail together count as one opening', () => {
    fail(100);
    expect(breaker.coolingMs('t')).toBe(1000);
  });

  it('of two deadlines the longer wins, whichever comes first', () => {
    breaker.failed('t', { opens: true, atLeastMs: 7000 });
    expect(breaker.coolingMs('t')).toBe(7000);
    breaker.failed('t', { opens: true, atLeastMs: 3000 });
    expect(breaker.coolingMs('t')).toBe(7000);
    breaker.failed('t', { opens: true, atLeastMs: 9000 });
    expect(breaker.coolingMs('t')).toBe(9000);
    expect(breaker.limited('t')).toBe(true);
    clock.advance(9000);
    expect(breaker.limited('t')).toBe(false);
  });

  it('believes an upstream that names the time, over its own guess', () => {
    breaker.failed('t', { opens: true, atLeastMs: 200 });
    expect(breaker.coolingMs('t')).toBe(200);
    clock.advance(200);
    breaker.begin('t');
    breaker.failed('t', { opens: true, atLeastMs: 300 });
    clock.advance(300);
    expect(breaker.available('t')).toBe(true);
  });

  it('an answer to a call from before it opened does not close it', () => {
    const beganAt = breaker.begin('t');
    clock.advance(1);
    breaker.failed('t', { opens: true, atLeastMs: 60_000 });
    breaker.alive('t', beganAt);
    breaker.succeeded('t', beganAt);
    expect(breaker.available('t')).toBe(false);
    expect(breaker.coolingMs('t')).toBe(60_000);
  });

  it('an answer to a call from while it was open closes it', () => {
    fail(3);
    clock.advance(10);
    breaker.succeeded('t', breaker.begin('t'));
    expect(breaker.available('t')).toBe(true);
    expect(breaker.soonestMs()).toBeNull();
  });

  it('names the cooldown that ends first', () => {
    expect(breaker.soonestMs()).toBeNull();
    breaker.failed('a', { opens: true, atLeastMs: 4000 });
    breaker.failed('b', { opens: true, atLeastMs: 2000 });
    expect(breaker.soonestMs()).toBe(2000);
  });

  it('law: whatever happens, every target is available again once its cooldown is over and its probe is done', () => {
    const step = fc.oneof(
      fc.record({ type: fc.constant('fail' as const), opens: fc.boolean(), atLeastMs: fc.nat(10_000) }),
      fc.record({
        type: fc.constantFrom('begin' as const, 'alive' as const, 'succeeded' as const, 'abandoned' as const),
      }),
      fc.record({ type: fc.constant('advance' as const), ms: fc.nat(3000) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const time = manualClock(1);
        const tested = new Breaker(time, settings);
        let beganAt = 0;
        for (const move of steps) {
          if (move.type === 'fail') tested.failed('t', move);
          else if (move.type === 'begin') beganAt = tested.begin('t');
          else if (move.type === 'advance') time.advance(move.ms);
          else if (move.type === 'abandoned') tested.abandoned('t');
          else tested[move.type]('t', beganAt);
        }
        tested.abandoned('t');
        const cooling = tested.coolingMs('t');
        expect(cooling).toBeGreaterThanOrEqual(0);
        if (cooling > 0) {
          expect(tested.available('t')).toBe(false);
          time.advance(cooling);
        }
        expect(tested.available('t')).toBe(true);
      }),
    );
  });
});
