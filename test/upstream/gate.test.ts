import * as fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { manualClock } from '../../src/core/clock.ts';
import { Gate, type Waiter } from '../../src/upstream/gate.ts';

const capacity = { concurrency: 2, queue: 3, queueMs: 1000 };

interface Told extends Waiter {
  in: boolean;
  refusedMs: number | null;
}

function waiter(share = 'a', priority = 0): Told {
  const self: Told = {
    share,
    priority,
    in: false,
    refusedMs: null,
    admitted: () => void (self.in = true),
    refused: (ms) => void (self.refusedMs = ms),
  };
  return self;
}

function crowd(gate: Gate, ...waiters: Told[]): void {
  for (const each of waiters) gate.enter('t', capacity, each);
}

afterEach(() => vi.useRealTimers());

describe('Gate', () => {
  it('lets as many in as may run, then as many wait as fit, then refuses', () => {
    const gate = new Gate(manualClock());
    const all = Array.from({ length: 6 }, () => waiter());
    crowd(gate, ...all);
    expect(all.map(({ in: isIn }) => isIn)).toEqual([true, true, false, false, false, false]);
    expect(all.map(({ refusedMs }) => refusedMs !== null)).toEqual([false, false, false, false, false, true]);
    expect(gate.snapshot()).toEqual([{ target: 't', running: 2, waiting: 3, waited: 0, waitedMs: 0, refused: 1 }]);
  });

  it('counts how many had to wait, for how long, and how many were turned away, also over a reload', () => {
    vi.useFakeTimers();
    const clock = manualClock();
    const gate = new Gate(clock);
    const all = Array.from({ length: 5 }, () => waiter());
    crowd(gate, ...all);
    clock.advance(30);
    gate.leave('t', 'a', 0);
    if (all[3] !== undefined) gate.cancel('t', all[3]);
    clock.advance(1_000);
    vi.advanceTimersByTime(1_000);
    // A new capacity of the same target goes on from here.
    gate.enter('t', { ...capacity }, waiter());
    expect(gate.snapshot()).toEqual([{ target: 't', running: 2, waiting: 1, waited: 3, waitedMs: 1_090, refused: 1 }]);
  });

  it('whoever leaves lets the next in', () => {
    const gate = new Gate(manualClock());
    const all = Array.from({ length: 4 }, () => waiter());
    crowd(gate, ...all);
    gate.leave('t', 'a', 0);
    expect(all.map(({ in: isIn }) => isIn)).toEqual([true, true, true, false]);
  });

  it('a higher priority goes first, and into a full line too', () => {
    const gate = new Gate(manualClock());
    const low = Array.from({ length: 5 }, () => waiter('a', 0));
    crowd(gate, ...low);
    const high = waiter('b', 5);
    gate.enter('t', capacity, high);
    expect(low[4]?.refusedMs).toBeGreaterThan(0);
    gate.leave('t', 'a', 0);
    expect([high.in, low[2]?.in]).toEqual([true, false]);
  });

  it('keys take turns, however many calls one of them sends', () => {
    const gate = new Gate(manualClock());
    const greedy = Array.from({ length: 5 }, () => waiter('greedy'));
    crowd(gate, ...greedy);
    const modest = waiter('modest');
    gate.enter('t', capacity, modest);
    // The greedy key's last place goes to the newcomer, and so does the next slot.
    expect(greedy[4]?.refusedMs).toBeGreaterThan(0);
    gate.leave('t', 'greedy', 0);
    expect(modest.in).toBe(true);
    expect(greedy[2]?.in).toBe(false);
  });

  it('who waits too long is refused, and no longer in the way', () => {
    vi.useFakeTimers();
    const gate = new Gate(manualClock());
    const all = Array.from({ length: 3 }, () => waiter());
    crowd(gate, ...all);
    vi.advanceTimersByTime(1000);
    expect(all[2]?.refusedMs).toBeGreaterThan(0);
    gate.leave('t', 'a', 0);
    expect(all[2]?.in).toBe(false);
    expect(gate.snapshot()).toMatchObject([{ target: 't', running: 1, waiting: 0, waited: 1, refused: 1 }]);
  });

  it('says how long it will take: from what calls took, and how many are before', () => {
    const clock = manualClock();
    const gate = new Gate(clock);
    for (let i = 0; i < 100; i++) {
      gate.enter('t', capacity, waiter());
      const beganAt = clock.monotonic();
      clock.advance(400);
      gate.leave('t', 'a', beganAt);
    }
    const all = Array.from({ length: 6 }, () => waiter());
    crowd(gate, ...all);
    // Three wait before the fourth; two run at a time, 400 ms each.
    expect(all[5]?.refusedMs).toBeCloseTo(800, -1);
  });

  it('law: never more running than allowed, nobody lost, everybody told exactly once', () => {
    const move = fc.oneof(
      fc.record({
        type: fc.constant('enter' as const),
        share: fc.constantFrom('a', 'b', 'c'),
        priority: fc.integer({ min: 0, max: 1 }),
      }),
      fc.record({ type: fc.constantFrom('leave' as const, 'cancel' as const), which: fc.nat(20) }),
    );
    fc.assert(
      fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
        const gate = new Gate(manualClock());
        const running: Told[] = [];
        const waiting: Told[] = [];
        const sort = (): void => {
          for (const each of waiting.slice()) {
            if (!each.in && each.refusedMs === null) continue;
            expect(each.in && each.refusedMs !== null).toBe(false);
            waiting.splice(waiting.indexOf(each), 1);
            if (each.in) running.push(each);
          }
        };
        for (const step of moves) {
          if (step.type === 'enter') {
            const each = waiter(step.share, step.priority);
            waiting.push(each);
            gate.enter('t', capacity, each);
          } else if (step.type === 'cancel') {
            const [gone] = waiting.splice(step.which % Math.max(1, waiting.length), 1);
            if (gone) gate.cancel('t', gone);
          } else {
            const [ended] = running.splice(step.which % Math.max(1, running.length), 1);
            if (ended) gate.leave('t', ended.share, 0);
          }
          sort();
          expect(running.length).toBeLessThanOrEqual(2);
          expect(waiting.length).toBeLessThanOrEqual(3);
          if (waiting.length > 0) expect(running).toHaveLength(2);
          expect(gate.snapshot().map(({ running: r, waiting: w }) => [r, w])).toEqual(
            gate.snapshot().length === 0 ? [] : [[running.length, waiting.length]],
          );
        }
        for (const each of waiting) gate.cancel('t', each);
      }),
    );
  });
});
