import { describe, expect, it } from 'vitest';
import { manualClock } from '../../src/core/clock.ts';
import { Sessions } from '../../src/sessions/sessions.ts';

const rule = { stay: true, switchMargin: 0, cacheLifetimeMs: 1000 };

describe('Sessions', () => {
  it('remembers who served last and what is warm where, for as long as a cache lives', () => {
    const clock = manualClock(1);
    const sessions = new Sessions(clock);
    expect(sessions.view('s', rule)).toMatchObject({ model: null });
    sessions.served('s', 'a', 2000);
    clock.advance(600);
    sessions.served('s', 'b', 3000);
    const both = sessions.view('s', rule);
    expect([both.model, both.warmTokens('a'), both.warmTokens('b'), both.warmTokens('c')]).toEqual([
      'b',
      2000,
      3000,
      0,
    ]);
    clock.advance(600);
    const one = sessions.view('s', rule);
    expect([one.model, one.warmTokens('a'), one.warmTokens('b')]).toEqual(['b', 0, 3000]);
  });

  it('a turn that was heard of late is as old as it is, and never replaces a later one', () => {
    const clock = manualClock(10_000);
    const sessions = new Sessions(clock);
    sessions.served('s', 'a', 2000, 700);
    expect(sessions.view('s', rule).warmTokens('a')).toBe(2000);
    sessions.served('s', 'b', 3000, 800);
    expect(sessions.view('s', rule)).toMatchObject({ model: 'a' });
    sessions.served('s', 'c', 3000, 600);
    expect(sessions.view('s', rule)).toMatchObject({ model: 'c' });
    clock.advance(400);
    expect([sessions.view('s', rule).warmTokens('a'), sessions.view('s', rule).warmTokens('c')]).toEqual([0, 3000]);
  });

  it('prompts too short to be cached are never warm', () => {
    const sessions = new Sessions(manualClock(1));
    sessions.served('s', 'a', 1023);
    expect(sessions.view('s', rule).warmTokens('a')).toBe(0);
  });

  it('is bounded: the longest quiet goes first', () => {
    const sessions = new Sessions(manualClock(1), 2);
    for (const id of ['x', 'y', 'x', 'z']) sessions.served(id, 'a', 1);
    expect(sessions.size).toBe(2);
    expect(sessions.view('y', rule).model).toBeNull();
    expect(sessions.view('x', rule).model).toBe('a');
  });
});
