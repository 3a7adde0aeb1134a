import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connect, type Connection } from '../../src/outcomes/connection.ts';
import { createRetentionPass, type Retention, type RetentionResult } from '../../src/outcomes/retention.ts';
import { RowBatch } from '../../src/outcomes/row-batch.ts';
import { sampleCompletion, sampleDecision, sampleQuery, sampleReward } from '../helpers/store-samples.ts';
import { temporaryDirectory } from '../helpers/store-temporary.ts';

const day = 86_400_000;
const now = 100 * day;

/** One decision a day, from day 0 to day 99, each with an embedding, an attempt and the reward with seq = day + 1. */
function hundredDays(): Connection {
  const path = join(temporaryDirectory(), 'outcomes.db');
  const connection = connect({ path, busyTimeoutMs: 100, maxPages: null, embedder: 'e' }, 0);
  onTestFinished(() => connection.close());
  const batch = new RowBatch();
  const rewards = [];
  for (let i = 0; i < 100; i++) {
    const decision = sampleDecision(`d${i}`, { embedding: Float32Array.of(i) });
    batch.addDecision({ at: i * day, query: sampleQuery(), decision });
    batch.addCompletion(sampleCompletion(`d${i}`));
    rewards.push({ reward: sampleReward(`d${i}`), caller: null });
  }
  connection.write({ rows: batch.pack(), rewards, durable: false, now: 0 });
  return connection;
}

function retain(connection: Connection, retention: Retention, learners: readonly string[] = []): RetentionResult {
  const pass = createRetentionPass(connection.database, { retention, learners }, now);
  while (!pass.step());
  return pass.result;
}

const count = (connection: Connection, sql: string): number =>
  connection.database.prepare<[], { n: number }>(`SELECT count(*) AS n FROM ${sql}`).get()?.n ?? -1;

const snapshot = (connection: Connection, learner: string, seq: number): void =>
  connection.reader.saveSnapshot(learner, seq, { version: 1, data: {}, arrays: {} }, 0);

describe('retention', () => {
  it('removes old decisions with all that hangs on them, and old embeddings alone', () => {
    const connection = hundredDays();
    expect(retain(connection, { decisionsDays: 30, embeddingsDays: 10 })).toEqual({ decisions: 70, embeddings: 20 });
    expect(count(connection, 'decisions')).toBe(30);
    expect(count(connection, 'attempts')).toBe(30);
    expect(count(connection, 'rewards')).toBe(30);
    expect(count(connection, `decisions WHERE embedding IS NULL AND at < ${90 * day}`)).toBe(20);
    expect(count(connection, 'decisions WHERE embedding IS NOT NULL')).toBe(10);
    expect(retain(connection, { decisionsDays: 30, embeddingsDays: 10 })).toEqual({ decisions: 0, embeddings: 0 });
  });

  it('keeps everything where nothing is limited', () => {
    const connection = hundredDays();
    expect(retain(connection, { decisionsDays: null, embeddingsDays: null })).toEqual({ decisions: 0, embeddings: 0 });
    expect(count(connection, 'decisions')).toBe(100);
  });

  it('never removes what a learner would fold again after a restart, from either of its snapshots', () => {
    const connection = hundredDays();
    snapshot(connection, 'quality', 40);
    snapshot(connection, 'quality', 60);
    snapshot(connection, 'cost', 80);
    const tail = connection.reader.observations(40, 1000);
    expect(retain(connection, { decisionsDays: 1, embeddingsDays: 1 }, ['quality', 'cost']).decisions).toBe(40);
    expect(connection.reader.observations(40, 1000)).toEqual(tail);
    expect(tail).toHaveLength(60);
  });

  it('removes nothing that was rewarded while a learner has no snapshot at all', () => {
    const connection = hundredDays();
    expect(retain(connection, { decisionsDays: 1, embeddingsDays: 1 }, ['new']).decisions).toBe(0);
  });

  it('never gives the seq of a removed reward to another one', () => {
    const connection = hundredDays();
    retain(connection, { decisionsDays: 0, embeddingsDays: null });
    expect(count(connection, 'rewards')).toBe(0);
    const batch = new RowBatch();
    batch.addDecision({ at: now, query: sampleQuery(), decision: sampleDecision('next') });
    const order = {
      rows: batch.pack(),
      rewards: [{ reward: sampleReward('next'), caller: null }],
      durable: false,
      now,
    };
    expect(connection.write(order).receipts).toMatchObject([{ type: 'accepted', seq: 101 }]);
  });

  it('goes in batches, and takes more than one where there is more', () => {
    const connection = hundredDays();
    const batch = new RowBatch();
    for (let i = 0; i < 1200; i++) {
      batch.addDecision({ at: i % 7, query: sampleQuery(), decision: sampleDecision(`x${i}`) });
    }
    connection.write({ rows: batch.pack(), rewards: [], durable: false, now: 0 });
    const order = { retention: { decisionsDays: 99.5, embeddingsDays: null }, learners: [] };
    const pass = createRetentionPass(connection.database, order, now);
    let steps = 1;
    while (!pass.step()) steps++;
    expect(pass.result.decisions).toBe(1201);
    expect(steps).toBe(4);
  });
});
