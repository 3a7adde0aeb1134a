import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../src/core/clock.ts';
import { createBudgets, type Budgets, type Reservation } from '../../src/limits/budgets.ts';

const noon = Date.UTC(2026, 10, 22, 12);
const hour = 3_600_000;

function budgets(perRoute: Record<string, number>, perKey: Record<string, number> = {}, startMs = noon) {
  const clock = manualClock(startMs);
  const limits = { perRoute: new Map(Object.entries(perRoute)), perKey: new Map(Object.entries(perKey)) };
  return { clock, budgets: createBudgets({ clock, limits }) };
}

const stateOf = (of: Budgets, name: string) => {
  const state = of.states().find((each) => each.name === name);
  return [state?.spentUsd, state?.reservedUsd];
};

describe('daily budgets', () => {
  it('hold the whole gateway to its own limit, whoever asks', () => {
    const limits = { perGateway: 1, perRoute: new Map(), perKey: new Map([['alice', 5]]) };
    const all = createBudgets({ clock: manualClock(noon), limits });
    all.seed([{ route: 'other', key: null, usd: 0.5 }]);
    all.reserve('auto', 'alice', 0.25).settle(0.25);
    expect(() => all.reserve('code', null, 0.5)).toThrow(/The gateway may spend \$1\.00 a day/);
    expect(stateOf(all, 'alice')).toEqual([0.25, 0]);
    expect(stateOf(all, 'all')).toEqual([0.75, 0]);
  });

  it('refuse with the limit, the time of the reset and how long until then', () => {
    const { budgets: b } = budgets({ auto: 1 });
    b.reserve('auto', null, 0.75);
    expect(() => b.reserve('auto', null, 0.5)).toThrow(
      expect.objectContaining({
        code: 'budget_exceeded',
        status: 429,
        retryAfterMs: 12 * hour,
        message: expect.stringMatching(/route "auto".*\$1\.00 a day.*2026-11-23T00:00:00\.000Z/),
      }),
    );
    expect(() => b.reserve('auto', null, 0.25)).not.toThrow();
  });

  it('turn what was put aside into what was spent, once', () => {
    const { budgets: b } = budgets({ auto: 1 });
    const known = b.reserve('auto', null, 0.5);
    const unknown = b.reserve('auto', null, 0.25);
    known.settle(0.125);
    known.settle(0.5);
    expect(stateOf(b, 'auto')).toEqual([0.125, 0.25]);
    unknown.settle(null);
    expect(stateOf(b, 'auto')).toEqual([0.375, 0]);
  });

  it('hold both limits of a request, and put nothing aside in one when the other refuses', () => {
    const { budgets: b } = budgets({ auto: 10 }, { team: 1 });
    b.reserve('auto', 'team', 1).settle(1);
    expect(() => b.reserve('auto', 'team', 0.5)).toThrow(/key "team"/);
    expect(stateOf(b, 'auto')).toEqual([1, 0]);
    expect(() => b.reserve('auto', 'other', 0.5)).not.toThrow();
    expect(() => b.reserve('other', null, 1e9)).not.toThrow();
  });

  it('begin anew at midnight UTC; what was reserved before belongs to the day before', () => {
    const { budgets: b, clock } = budgets({ auto: 1 });
    const late = b.reserve('auto', null, 1);
    clock.advance(12 * hour - 1);
    expect(() => b.reserve('auto', null, 0.1)).toThrow(expect.objectContaining({ retryAfterMs: 1 }));
    clock.advance(1);
    b.reserve('auto', null, 0.5).settle(0.5);
    late.settle(1);
    expect(stateOf(b, 'auto')).toEqual([0.5, 0]);
  });

  it('do not open a day again when the wall clock is set back over midnight', () => {
    const { budgets: b, clock } = budgets({ auto: 1 }, {}, Date.UTC(2026, 10, 22));
    b.reserve('auto', null, 1).settle(1);
    clock.advance(-hour);
    expect(() => b.reserve('auto', null, 0.1)).toThrow(/budget|may spend/);
    clock.advance(hour);
    expect(() => b.reserve('auto', null, 0.1)).toThrow(/may spend/);
  });

  it('start from what the log says was spent since midnight', () => {
    const { budgets: b } = budgets({ auto: 1 }, { team: 1 });
    expect(b.startOfDay()).toBe(Date.UTC(2026, 10, 22));
    b.seed([
      { route: 'auto', key: 'team', usd: 0.5 },
      { route: 'auto', key: null, usd: 0.25 },
      { route: 'gone', key: 'team', usd: 0.125 },
    ]);
    expect([stateOf(b, 'auto'), stateOf(b, 'team')]).toEqual([
      [0.75, 0],
      [0.625, 0],
    ]);
  });

  it('never spend more than the limit while no call costs more than was put aside for it', () => {
    const step = fc.oneof(
      fc.record({ type: fc.constant('ask' as const), usd: fc.double({ min: 0, max: 2, noNaN: true }) }),
      fc.record({
        type: fc.constant('end' as const),
        which: fc.nat(),
        share: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
      }),
    );
    fc.assert(
      fc.property(fc.double({ min: 0, max: 5, noNaN: true }), fc.array(step, { maxLength: 120 }), (limit, steps) => {
        const { budgets: b } = budgets({ auto: limit }, { team: limit / 2 });
        const running: { usd: number; reservation: Reservation }[] = [];
        let spent = 0;
        for (const next of steps) {
          if (next.type === 'ask') {
            try {
              running.push({ usd: next.usd, reservation: b.reserve('auto', 'team', next.usd) });
            } catch {
              const reserved = running.reduce((sum, { usd }) => sum + usd, 0);
              // Refused only where it really did not fit.
              expect(spent + reserved + next.usd).toBeGreaterThan((limit / 2) * (1 - 1e-12));
            }
          } else {
            const [done] = running.splice(next.which % Math.max(1, running.length), 1);
            if (done === undefined) continue;
            const cost = next.share === null ? null : done.usd * next.share;
            done.reservation.settle(cost);
            spent += cost ?? done.usd;
          }
          expect(spent).toBeLessThanOrEqual((limit / 2) * (1 + 1e-12));
        }
        for (const { reservation } of running) reservation.settle(0);
        expect(stateOf(b, 'team')[1]).toBe(0);
        expect(stateOf(b, 'team')[0]).toBeCloseTo(spent, 9);
      }),
      { numRuns: 300 },
    );
  });

  it('take no estimate that is not a number of dollars', () => {
    const { budgets: b } = budgets({ auto: 1 });
    for (const wrong of [NaN, -1, Infinity]) {
      expect(() => b.reserve('auto', null, wrong)).toThrow(expect.objectContaining({ code: 'internal_error' }));
    }
    expect(stateOf(b, 'auto')).toEqual([0, 0]);
  });
});
