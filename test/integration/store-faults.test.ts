import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { openDatabase } from '../../src/outcomes/database.ts';
import { openStore } from '../../src/outcomes/store.ts';
import { sampleCaller, sampleCompletion, sampleRecord, sampleReward } from '../helpers/store-samples.ts';
import { settled, temporaryDirectory, temporaryStore } from '../helpers/store-temporary.ts';

const patience = { timeout: 15_000, interval: 10 };

/** Ids in the database, through a connection of its own. */
function stored(path: string): string[] {
  const database = openDatabase({ path, busyTimeoutMs: 1000, maxPages: null });
  const ids = database.prepare<[], { id: string }>('SELECT id FROM decisions ORDER BY number').all();
  database.close();
  return ids.map(({ id }) => id);
}

describe('a locked database', () => {
  it('delays rows, refuses rewards with a time to come back, and heals by itself', async () => {
    const { store, path, events } = await temporaryStore({ busyTimeoutMs: 20, maxPending: 4 });
    store.decision(sampleRecord('before'));
    await settled(store);
    const other = openDatabase({ path, busyTimeoutMs: 1000, maxPages: null });
    other.exec('BEGIN EXCLUSIVE');

    store.decision(sampleRecord('during'));
    await expect(store.reward(sampleReward('before'), sampleCaller)).rejects.toMatchObject({
      code: 'storage_unavailable',
      status: 503,
      retryAfterMs: 1000,
    });
    expect(store.health()).toEqual({ available: false, lost: 0, pending: 1 });

    // Two completions and one decision fit beside it; the others do not.
    for (const id of ['before', 'during']) store.completion(sampleCompletion(id));
    for (let i = 0; i < 10; i++) store.decision(sampleRecord(`flood_${i}`));
    expect(store.health()).toEqual({ available: false, lost: 9, pending: 4 });

    other.exec('ROLLBACK');
    other.close();
    await vi.waitFor(() => expect(store.health()).toEqual({ available: true, lost: 9, pending: 0 }), patience);
    expect(stored(path)).toEqual(['before', 'during', 'flood_0']);
    expect(await store.reward(sampleReward('before'), sampleCaller)).toMatchObject({ type: 'accepted', seq: 1 });
    // Once per change, not once per row or retry.
    expect(events.map(({ type }) => type)).toEqual(['unavailable', 'losing', 'available']);
    expect(events[0]).toMatchObject({ message: expect.stringMatching(/outcomes\.db: database is locked/) });
  });

  it('notices the end of the lock with nothing to write', async () => {
    const { store, path } = await temporaryStore({ busyTimeoutMs: 20 });
    const other = openDatabase({ path, busyTimeoutMs: 1000, maxPages: null });
    other.exec('BEGIN EXCLUSIVE');
    await expect(store.reward(sampleReward('none'), sampleCaller)).rejects.toMatchObject({ status: 503 });
    other.exec('ROLLBACK');
    other.close();
    await vi.waitFor(() => expect(store.health().available).toBe(true), patience);
  });

  it('is given up by close after some tries, and the loss is counted', async () => {
    const { store, path, events } = await temporaryStore({ busyTimeoutMs: 20 });
    const other = openDatabase({ path, busyTimeoutMs: 1000, maxPages: null });
    other.exec('BEGIN EXCLUSIVE');
    store.decision(sampleRecord('a'));
    await store.close();
    other.exec('ROLLBACK');
    other.close();
    expect(store.health()).toMatchObject({ available: false, lost: 1 });
    expect(events.map(({ type }) => type)).toEqual(['unavailable', 'losing']);
  });
});

describe('a full database', () => {
  it('keeps what is in it, counts what is lost, and refuses rewards', async () => {
    const { store, path } = await temporaryStore({ maxPages: 60, maxPending: 50 });
    const embedding = new Float32Array(512).fill(0.5);
    for (let i = 0; i < 400; i++) {
      store.decision(sampleRecord(`d_${i}`, { decision: { embedding } }));
      if (i % 10 === 0) await new Promise((next) => setTimeout(next, 5));
    }
    await vi.waitFor(() => expect(store.health()).toMatchObject({ available: false, pending: 50 }), patience);
    const { lost } = store.health();
    expect(lost).toBeGreaterThan(200);
    expect(stored(path)).toHaveLength(400 - 50 - lost);
    await expect(store.reward(sampleReward('d_0'), sampleCaller)).rejects.toMatchObject({
      code: 'storage_unavailable',
      message: expect.stringContaining('full'),
    });
    expect((await store.observations(0, 10)).length).toBe(0);
  });
});

describe('a missing place', () => {
  it('is made', async () => {
    const { store, path } = await temporaryStore({ path: join(temporaryDirectory(), 'not', 'yet', 'outcomes.db') });
    store.decision(sampleRecord('a'));
    await settled(store);
    expect(stored(path)).toEqual(['a']);
  });

  it('that cannot be made does not stop the start; it is used as soon as it can', async () => {
    const directory = join(temporaryDirectory(), 'place');
    writeFileSync(directory, 'a file where the directory should be');
    const { store, path, events } = await temporaryStore({ path: join(directory, 'outcomes.db') });
    expect(store.health().available).toBe(false);
    store.decision(sampleRecord('a'));
    await expect(store.reward(sampleReward('a'), sampleCaller)).rejects.toMatchObject({ status: 503 });
    await expect(store.observations(0, 1)).rejects.toMatchObject({ status: 503 });
    rmSync(directory);
    mkdirSync(directory);
    await vi.waitFor(() => expect(store.health()).toMatchObject({ available: true, pending: 0, lost: 0 }), patience);
    expect(stored(path)).toEqual(['a']);
    expect(events.map(({ type }) => type)).toEqual(['unavailable', 'available']);
  });

  it('that was removed while in use is made again, aloud', async () => {
    const { store, path, events } = await temporaryStore();
    store.decision(sampleRecord('a'));
    await settled(store);
    for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
    store.decision(sampleRecord('b'));
    await vi.waitFor(() => expect(store.health().pending).toBe(0), patience);
    expect(stored(path)).toEqual(['b']);
    expect(events.map(({ type }) => type)).toEqual(['replaced']);
    expect(await store.reward(sampleReward('a'), sampleCaller)).toEqual({ type: 'unknown' });
  });
});

describe('a file that is no database of ours', () => {
  it('is refused at start with its name and what to do, and left as it is', async () => {
    const path = join(temporaryDirectory(), 'outcomes.db');
    const text = 'This is a diary, not a database. '.repeat(200);
    writeFileSync(path, text);
    await expect(openStore({ path, clock: systemClock })).rejects.toMatchObject({
      code: 'invalid_data',
      message: expect.stringMatching(/outcomes\.db is damaged.*Move it away/s),
    });
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('is refused when a newer program made it', async () => {
    const { store, path } = await temporaryStore();
    await store.close();
    const database = openDatabase({ path, busyTimeoutMs: 1000, maxPages: null });
    database.exec("INSERT INTO schema_migrations VALUES (99, '099-future.sql', 1)");
    database.close();
    await expect(openStore({ path, clock: systemClock })).rejects.toMatchObject({
      code: 'invalid_data',
      message: expect.stringMatching(/version 99/),
    });
  });
});
