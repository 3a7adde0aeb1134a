import * as fc from 'fast-check';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connect } from '../../src/outcomes/connection.ts';
import { toDoubles, toFloats } from '../../src/outcomes/floats.ts';
import { RowBatch } from '../../src/outcomes/row-batch.ts';
import { sampleCompletion, sampleDecision, sampleQuery } from '../helpers/store-samples.ts';
import { temporaryDirectory } from '../helpers/store-temporary.ts';

interface Stored {
  readonly id: string;
  readonly candidates: string;
  readonly propensities: Buffer;
  readonly predicted: string | null;
  readonly predictions: Buffer | null;
  readonly embedding: Buffer | null;
  readonly completed: number;
  readonly attempts: number;
}

const double = fc.double({ noNaN: true });
const numbers = (length: number) =>
  fc.array(double, { minLength: length, maxLength: length }).map((list) => Float64Array.from(list));

/** Decisions of every shape: no candidate to many, any set of quantities, with and without embedding. */
const shape = fc.integer({ min: 0, max: 6 }).chain((count) => {
  const prediction = fc.record({ mean: numbers(count), deviation: numbers(count) });
  return fc.record({
    names: fc.array(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).map((name) => name.replaceAll('\u001f', '_')),
      {
        minLength: count,
        maxLength: count,
      },
    ),
    propensities: numbers(count),
    predictions: fc.record(
      { quality: prediction, cost: prediction, latency: prediction, output_tokens: prediction },
      { requiredKeys: [] },
    ),
    embedding: fc.option(
      fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 9 }).map((list) => Float32Array.from(list)),
    ),
    completed: fc.boolean(),
  });
});

describe('a batch of rows', () => {
  it('reads back exactly as it was decided, whatever stands beside it', () => {
    const path = join(temporaryDirectory(), 'outcomes.db');
    const connection = connect({ path, busyTimeoutMs: 100, maxPages: null, embedder: 'e' }, 0);
    const read = connection.database.prepare<[string], Stored>(
      `SELECT d.*, (SELECT count(*) FROM attempts a WHERE a.decision_number = d.number) AS attempts
       FROM decisions d WHERE id = ?`,
    );
    let nextId = 0;
    fc.assert(
      fc.property(fc.array(shape, { minLength: 1, maxLength: 6 }), (shapes) => {
        const batch = new RowBatch();
        const ids = shapes.map(() => `dec_${nextId++}`);
        shapes.forEach(({ names, propensities, predictions, embedding }, i) => {
          const candidates = names.map((model) => ({ model, price: null }));
          const decision = { candidates, propensities, predictions, embedding, ranking: [...names.keys()] };
          batch.addDecision({ at: i, query: sampleQuery(), decision: sampleDecision(ids[i] ?? '', decision) });
        });
        // Backwards, so that a row is not simply the last one.
        for (let i = shapes.length - 1; i >= 0; i--) {
          if (shapes[i]?.completed === true) batch.addCompletion(sampleCompletion(ids[i] ?? ''));
        }
        const result = connection.write({ rows: batch.pack(), rewards: [], durable: false, now: 0 });
        expect(result.refused).toBe(0);
        shapes.forEach(({ names, propensities, predictions, embedding, completed }, i) => {
          const row = read.get(ids[i] ?? '');
          expect(row && JSON.parse(row.candidates)).toEqual(names);
          expect(row && toDoubles(row.propensities)).toEqual(propensities);
          expect(row?.embedding ? toFloats(row.embedding) : null).toEqual(embedding);
          const order = (['quality', 'cost', 'latency', 'output_tokens'] as const).filter((q) => predictions[q]);
          expect(row?.predicted ?? '[]').toBe(JSON.stringify(order));
          const flat = order.flatMap((q) => [...(predictions[q]?.mean ?? []), ...(predictions[q]?.deviation ?? [])]);
          expect(row?.predictions ? [...toDoubles(row.predictions)] : []).toEqual(flat);
          expect([row?.completed, row?.attempts]).toEqual(completed ? [1, 1] : [0, 0]);
        });
      }),
      { numRuns: 60 },
    );
    connection.close();
  });

  it('changes nothing when it is written twice, as after an answer that got lost', () => {
    const path = join(temporaryDirectory(), 'outcomes.db');
    const connection = connect({ path, busyTimeoutMs: 100, maxPages: null, embedder: null }, 0);
    const first = new RowBatch();
    for (const id of ['a', 'b']) first.addDecision({ at: 1, query: sampleQuery(), decision: sampleDecision(id) });
    first.addCompletion(sampleCompletion('b'));
    const second = new RowBatch();
    second.addDecision({ at: 1, query: sampleQuery(), decision: sampleDecision('c') });
    second.addCompletion(sampleCompletion('a'));
    const dump = () =>
      ['decisions', 'attempts'].map((table) => connection.database.prepare(`SELECT * FROM ${table}`).all());
    const write = (batch: RowBatch) => connection.write({ rows: batch.pack(), rewards: [], durable: false, now: 0 });
    write(first);
    write(second);
    const once = dump();
    expect(once.map((table) => table.length)).toEqual([3, 2]);
    expect([write(first).refused, write(second).refused]).toEqual([0, 0]);
    expect(dump()).toEqual(once);
    connection.close();
  });
});
