import { describe, expect, it } from 'vitest';
import { encodeState } from '../../src/core/state-codec.ts';
import { packState, unpackHead, unpackState } from '../../src/queue/learned-state.ts';
import { preferred } from '../../src/queue/leases.ts';

const state = { version: 3, data: { a: 1 }, arrays: { x: Float64Array.of(0.1, 0.2) } };
const packed = packState({ learner: 'quality', history: 'h', n: 7, entry: 2, marks: { p: 5 } }, state);

describe('a packed state', () => {
  it('comes back to the bit, and says what it is a fold of', () => {
    const head = unpackHead(packed.head);
    expect(head).toEqual({ learner: 'quality', history: 'h', n: 7, entry: 2, marks: { p: 5 }, sum: packed.sum });
    expect(encodeState(unpackState(head, packed.bytes))).toEqual(encodeState(state));
  });

  it('is refused where any one byte of it was changed', () => {
    for (let place = 0; place < packed.head.length; place++) {
      const bad = Buffer.from(packed.head);
      bad[place] = (bad[place] ?? 0) ^ 1;
      expect(() => unpackHead(bad)).toThrow(/damaged/);
    }
    const head = unpackHead(packed.head);
    for (let place = 0; place < packed.bytes.length; place++) {
      const bad = Buffer.from(packed.bytes);
      bad[place] = (bad[place] ?? 0) ^ 1;
      expect(() => unpackState(head, bad)).toThrow(/does not match its checksum/);
    }
  });
});

describe('who should own a learner', () => {
  const members = ['learn_a', 'learn_b', 'learn_c'];
  const learners = Array.from({ length: 60 }, (_, i) => `estimator-${i}/quality`);

  it('is agreed on in whatever order the members are known, and everybody has some', () => {
    for (const learner of learners)
      expect(preferred([...members].reverse(), learner)).toBe(preferred(members, learner));
    expect(new Set(learners.map((learner) => preferred(members, learner))).size).toBe(3);
    expect(preferred([], 'x')).toBeNull();
  });

  it('changes only for what a member had that is gone', () => {
    const left = members.slice(1);
    for (const learner of learners) {
      const before = preferred(members, learner);
      if (before !== 'learn_a') expect(preferred(left, learner)).toBe(before);
    }
  });
});
