import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Observation } from '../../src/core/learner.ts';
import { decodeBatch, encodeBatch, lastOf } from '../../src/queue/event-batch.ts';

const event: fc.Arbitrary<Observation> = fc.record({
  seq: fc.integer({ min: 1 }),
  decision: fc.string({ unit: 'grapheme' }),
  route: fc.string(),
  model: fc.string(),
  quantity: fc.constantFrom('quality', 'cost', 'latency', 'output_tokens'),
  // JSON has no minus zero.
  value: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  weight: fc.double({ min: 1e-300, max: 1e300, noNaN: true }),
  propensity: fc.option(fc.double({ min: 1e-9, max: 1, noNaN: true })),
  promptTokens: fc.nat(),
  embedding: fc.option(fc.array(fc.float({ noNaN: true }), { maxLength: 9 }).map((list) => Float32Array.from(list))),
});
const batch = fc.record({
  producer: fc.string({ minLength: 1 }),
  start: fc.nat(),
  after: fc.constant(0),
  events: fc
    .uniqueArray(event, { minLength: 1, maxLength: 6, selector: ({ seq }) => seq })
    .map((events) => events.toSorted((a, b) => a.seq - b.seq)),
});

describe('a batch of events', () => {
  it('comes back as it was, to the bit', () => {
    fc.assert(
      fc.property(batch, (sent) => {
        const back = decodeBatch(encodeBatch(sent));
        expect(back).toEqual(sent);
        expect(lastOf(back)).toBe(sent.events.at(-1)?.seq);
      }),
    );
  });

  it('whose events do not follow each other, and what they say they follow, is refused', () => {
    fc.assert(
      fc.property(batch, (sent) => {
        const first = sent.events[0]?.seq ?? 0;
        expect(() => decodeBatch(encodeBatch({ ...sent, after: first }))).toThrow(/not in order/);
        expect(() => decodeBatch(encodeBatch({ ...sent, events: [...sent.events, ...sent.events] }))).toThrow(
          /not in order/,
        );
      }),
    );
  });

  it('that was cut anywhere, or is something else, is refused', () => {
    fc.assert(
      fc.property(batch, fc.double({ min: 0, max: 0.999, noNaN: true }), (sent, share) => {
        const bytes = encodeBatch(sent);
        const cut = bytes.subarray(0, Math.floor(bytes.length * share));
        // Nothing but padding may be missing.
        const needed =
          4 + bytes.readUInt32LE(0) + sent.events.reduce((sum, { embedding }) => sum + (embedding?.length ?? 0) * 4, 0);
        if (cut.length < needed) expect(() => decodeBatch(cut)).toThrow(/cannot be read/);
      }),
    );
    expect(() => decodeBatch(Buffer.from([4, 0, 0, 0, 0x7b, 0x7d, 0x20, 0x20]))).toThrow(/another shape/);
  });
});
