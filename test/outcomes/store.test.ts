import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { openDatabase } from '../../src/outcomes/database.ts';
import { openStore } from '../../src/outcomes/store.ts';
import {
  sampleCaller,
  sampleCompletion,
  sampleDecision,
  sampleRecord,
  sampleReward,
} from '../helpers/store-samples.ts';
import { lastSeq, settled, sharedStore, temporaryStore } from '../helpers/store-temporary.ts';

/** Reads what was committed through a connection of its own. */
function rows(path: string, sql: string): Record<string, unknown>[] {
  const database = openDatabase({ path, busyTimeoutMs: 1000, maxPages: null });
  const found = database.prepare<[], Record<string, unknown>>(sql).all();
  database.close();
  return found;
}

const shared = sharedStore();

const byId = (path: string, id: string): Record<string, unknown> | undefined =>
  rows(path, `SELECT * FROM decisions WHERE id = '${id}'`)[0];

describe('decisions and completions', () => {
  it('keeps the conversation that a route recognised, and whether it stayed against the policy', async () => {
    const { store, path } = shared;
    store.decision(sampleRecord('dec_stayed', { decision: { session: 'by-head', sticky: true } }));
    store.decision(
      sampleRecord('dec_named', { query: { wishes: { session: 'mine' } }, decision: { session: 'hash' } }),
    );
    await settled(store);
    expect(byId(path, 'dec_stayed')).toMatchObject({ session: 'by-head', sticky: 1 });
    // A name that the client gave is what it will ask for.
    expect(byId(path, 'dec_named')).toMatchObject({ session: 'mine', sticky: 0 });
  });

  it('stores every column of a decision', async () => {
    const { store, path } = shared;
    store.decision(
      sampleRecord('dec_a', {
        at: 1_234,
        query: {
          id: 'req_7',
          caller: { tenant: 'acme', key: 'team' },
          model: 'auto/cost-aware',
          promptTokens: 77,
          maxOutputTokens: 300,
          needs: ['tools', 'images'],
          stream: true,
          wishes: { session: 'talk', tags: { team: 'search' } },
        },
        decision: {
          removals: [{ model: 'vendor/x', check: 'context', reason: 'needs 9,000 tokens, takes 8,192' }],
          degraded: ['embedding:timeout'],
          embedding: Float32Array.of(0.5, -0.5, 0.5, 0.5),
        },
      }),
    );
    await settled(store);
    expect(byId(path, 'dec_a')).toMatchObject({
      at: 1_234,
      request_id: 'req_7',
      tenant: 'acme',
      key: 'team',
      session: 'talk',
      tags: '{"team":"search"}',
      format: 'openai-chat',
      requested_model: 'auto/cost-aware',
      route: 'auto',
      policy: 'cost-aware',
      policy_version: 'v1',
      plan: 'route',
      chosen_model: 'vendor/model-2',
      lambda: 120,
      propensity: 0.8,
      predicted_quality: 0.2,
      predicted_cost_usd: 0.002,
      prompt_tokens: 77,
      max_output_tokens: 300,
      needs: '["tools","images"]',
      stream: 1,
      pinned: 0,
      degraded: '["embedding:timeout"]',
      removals: '[{"model":"vendor/x","check":"context","reason":"needs 9,000 tokens, takes 8,192"}]',
      served_model: null,
      fallback: 0,
      completed: 0,
      candidates: '["vendor/model-0","vendor/model-1","vendor/model-2"]',
      predicted: '["quality","cost"]',
      embedder: 'hashing-v1-4',
    });
  });

  it('writes a decision while its request is still running, and the completion when it comes', async () => {
    const { store, path } = shared;
    store.decision(sampleRecord('dec_slow'));
    await settled(store);
    expect(byId(path, 'dec_slow')).toMatchObject({ completed: 0, served_model: null });
    const base = sampleCompletion('dec_slow').attempts;
    store.completion(
      sampleCompletion('dec_slow', {
        servedModel: 'vendor/model-0',
        fallback: true,
        attempts: base.flatMap((attempt) => [
          { ...attempt, model: 'vendor/model-2', status: 500, usage: null, costUsd: null, endReason: 'failed' },
          { ...attempt, model: 'vendor/model-0' },
        ]),
      }),
    );
    await settled(store);
    expect(byId(path, 'dec_slow')).toMatchObject({ completed: 1, served_model: 'vendor/model-0', fallback: 1 });
    expect(
      rows(path, `SELECT * FROM attempts_readable WHERE decision_id = 'dec_slow' ORDER BY position`),
    ).toMatchObject([
      { decision_id: 'dec_slow', model: 'vendor/model-2', status: 500, end_reason: 'failed', cost_usd: null },
      { model: 'vendor/model-0', status: 200, end_reason: 'stop', first_token_ms: 49, took_ms: 199, cost_usd: 0.002 },
    ]);
  });

  it('writes both in one row when the completion comes first', async () => {
    const { store, path } = shared;
    store.decision(sampleRecord('dec_fast'));
    store.decision(sampleRecord('dec_none'));
    store.completion(sampleCompletion('dec_fast'));
    store.completion(sampleCompletion('dec_none', { servedModel: null, attempts: [] }));
    expect(store.health().pending).toBe(2);
    await settled(store);
    const sql =
      "SELECT id, ended, attempts, cost_usd FROM decisions_readable WHERE id IN ('dec_fast', 'dec_none') ORDER BY id";
    expect(rows(path, sql)).toEqual([
      { id: 'dec_fast', ended: 'served', attempts: 1, cost_usd: 0.002 },
      { id: 'dec_none', ended: 'failed', attempts: 0, cost_usd: null },
    ]);
  });

  it('keeps no text of the prompt, in no file', async () => {
    const { store, path } = shared;
    store.decision(sampleRecord('dec_p', { query: { text: 'an unmistakable secret' } }));
    await settled(store);
    for (const file of [path, `${path}-wal`]) expect(readFileSync(file).includes('unmistakable')).toBe(false);
  });

  it('counts and names what no database can take, and stores the rest of the batch', async () => {
    const { store, path, events } = shared;
    const before = store.health().lost;
    store.decision(sampleRecord('dec_good_1'));
    store.decision(sampleRecord('dec_nan', { query: { promptTokens: NaN } }));
    store.completion(sampleCompletion('dec_nan'));
    store.decision(sampleRecord('dec_good_2', { decision: { embedding: Float32Array.of(1, 0, 0, 0) } }));
    store.completion(sampleCompletion('dec_never_decided'));
    await settled(store);
    expect(rows(path, "SELECT id FROM decisions WHERE id LIKE 'dec_good%' OR id = 'dec_nan' ORDER BY id")).toEqual([
      { id: 'dec_good_1' },
      { id: 'dec_good_2' },
    ]);
    expect(store.health()).toMatchObject({ available: true, lost: before + 2 });
    const message = expect.stringContaining('prompt_tokens');
    expect(events.filter(({ type }) => type === 'refused')).toMatchObject([{ rows: 2, message }]);
  });

  it('gives up what comes after it was closed, aloud', async () => {
    const { store, path, events } = await temporaryStore();
    store.decision(sampleRecord('dec_last'));
    await store.close();
    expect(byId(path, 'dec_last')).toBeDefined();
    store.decision(sampleRecord('dec_late'));
    expect(store.health().lost).toBe(1);
    expect(events.at(-1)).toMatchObject({ type: 'losing', message: expect.stringContaining('closed') });
    await expect(store.reward(sampleReward('dec_last'), sampleCaller)).rejects.toMatchObject({
      code: 'storage_unavailable',
    });
  });
});

describe('an id that comes twice', () => {
  it('keeps the first row, and nothing waits for ever', async () => {
    const { store, path } = shared;
    store.decision(sampleRecord('dec_same', { at: 1 }));
    store.decision(sampleRecord('dec_same', { at: 2 }));
    await settled(store);
    expect(rows(path, "SELECT at FROM decisions WHERE id = 'dec_same'")).toEqual([{ at: 1 }]);
  });
});

describe('rewards', () => {
  it('finds a decision that still waits to be written, and joins it', async () => {
    const { store } = await temporaryStore({ flushMs: 60_000 });
    const embedding = Float32Array.of(0.1, 0.2, 0.3, 0.4);
    store.decision(sampleRecord('dec_a', { decision: { embedding } }));
    store.completion(sampleCompletion('dec_a'));
    const receipt = await store.reward(sampleReward('dec_a', { value: 0.7, weight: 0.5 }), sampleCaller);
    expect(receipt).toEqual({
      type: 'accepted',
      seq: 1,
      observation: {
        seq: 1,
        decision: 'dec_a',
        route: 'auto',
        model: 'vendor/model-2',
        quantity: 'quality',
        value: 0.7,
        weight: 0.5,
        propensity: 0.8,
        promptTokens: 12,
        embedding,
      },
    });
  });

  it('lets the first of equal ones stand and tells its seq', async () => {
    const { store } = shared;
    store.decision(sampleRecord('dec_twice'));
    const before = await lastSeq(store);
    const send = (change: object) => store.reward(sampleReward('dec_twice', change), sampleCaller);
    const receipts = await Promise.all([
      send({ value: 1 }),
      send({ value: 0 }),
      send({ key: 'b' }),
      send({ source: 'judge' }),
    ]);
    expect(receipts.map(({ type }) => type)).toEqual(['accepted', 'duplicate', 'accepted', 'accepted']);
    expect(receipts[1]).toEqual({ type: 'duplicate', seq: receipts[0]?.type === 'accepted' ? receipts[0].seq : null });
    expect((await store.observations(before, 10)).map(({ value }) => value)).toEqual([1, 1, 1]);
  });

  it('is accepted only from the tenant and key that asked; the others learn nothing', async () => {
    const { store } = shared;
    store.decision(sampleRecord('dec_acme', { query: { caller: { tenant: 'acme', key: 'one' } } }));
    const from = (tenant: string, key: string | null) => store.reward(sampleReward('dec_acme'), { tenant, key });
    const unknown = { type: 'unknown' };
    expect(await store.reward(sampleReward('dec_unheard_of'), sampleCaller)).toEqual(unknown);
    expect(await from('acme', 'two')).toEqual(unknown);
    expect(await from('acme', null)).toEqual(unknown);
    expect(await from('other', 'one')).toEqual(unknown);
    expect(await from('acme', 'one')).toMatchObject({ type: 'accepted' });
    expect(await from('acme', 'two')).toEqual(unknown);
    expect(await store.reward(sampleReward('dec_acme', { source: 'usage' }), null)).toMatchObject({ type: 'accepted' });
  });

  it('is about the model that served, with the propensity that model had', async () => {
    const { store } = shared;
    const before = await lastSeq(store);
    const propensities = Float64Array.of(0.25, 0, 0.75);
    for (const servedModel of ['vendor/model-0', 'vendor/model-1', 'elsewhere']) {
      const id = `dec_served_by_${servedModel}`;
      store.decision(sampleRecord(id, { decision: { propensities } }));
      store.completion(sampleCompletion(id, { servedModel, fallback: true }));
      await store.reward(sampleReward(id), sampleCaller);
    }
    expect((await store.observations(before, 10)).map(({ model, propensity }) => [model, propensity])).toEqual([
      ['vendor/model-0', 0.25],
      ['vendor/model-1', null],
      ['elsewhere', null],
    ]);
  });

  it('keeps what it was joined with, whatever becomes of the request afterwards', async () => {
    const { store } = shared;
    const before = await lastSeq(store);
    store.decision(sampleRecord('dec_early'));
    const receipt = await store.reward(sampleReward('dec_early'), sampleCaller);
    store.completion(sampleCompletion('dec_early', { servedModel: 'vendor/model-0', fallback: true }));
    await settled(store);
    expect(await store.observations(before, 10)).toEqual([receipt.type === 'accepted' ? receipt.observation : null]);
  });

  it('has nothing to say about a request that was refused', async () => {
    const { store } = shared;
    store.decision(sampleRecord('dec_no', { decision: { plan: { type: 'reject', reason: 'policy' } } }));
    expect(await store.reward(sampleReward('dec_no'), sampleCaller)).toEqual({ type: 'unknown' });
  });

  it.each([
    ['value', NaN],
    ['value', Infinity],
    ['weight', 0],
    ['weight', NaN],
  ])('refuses %s = %s', async (field, wrong) => {
    const { store } = shared;
    store.decision(sampleRecord('dec_a'));
    await expect(store.reward(sampleReward('dec_a', { [field]: wrong }), sampleCaller)).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });
});

describe('what is read back', () => {
  it('pages observations in seq order, the same after a restart', async () => {
    const { store, path } = await temporaryStore();
    const told = [];
    for (let i = 0; i < 25; i++) {
      store.decision(sampleRecord(`dec_${i}`, { decision: { embedding: Float32Array.of(i, Math.PI, 1 / 3, -0) } }));
      const receipt = await store.reward(sampleReward(`dec_${i}`, { value: Math.sin(i) }), sampleCaller);
      if (receipt.type === 'accepted') told.push(receipt.observation);
    }
    await store.close();
    const again = await openStore({ path, clock: systemClock, embedder: 'hashing-v1-4' });
    const read = [];
    for (;;) {
      const page = await again.observations(read.at(-1)?.seq ?? 0, 10);
      read.push(...page);
      if (page.length < 10) break;
    }
    await again.close();
    expect(read).toEqual(told);
    expect(read).toHaveLength(25);
    // To another embedder these vectors would be noise.
    const other = await openStore({ path, clock: systemClock, embedder: 'another-v1-4' });
    expect((await other.observations(0, 1))[0]).toEqual({ ...told[0], embedding: null });
    const late = await other.reward(sampleReward('dec_3', { key: 'late' }), sampleCaller);
    expect(late).toMatchObject({ type: 'accepted', observation: { embedding: null } });
    await other.close();
  });

  it('sums what was spent since a time, by route and key', async () => {
    const { store } = shared;
    const spend = (id: string, at: number, route: string, key: string | null, usd: number | null) => {
      store.decision(sampleRecord(id, { at, decision: { route }, query: { caller: { tenant: 't', key } } }));
      store.completion(sampleCompletion(id, {}, usd));
    };
    spend('spend_a', 1e9 + 50, 'auto', 'k', 100);
    spend('spend_b', 1e9 + 100, 'auto', 'k', 0.25);
    spend('spend_c', 1e9 + 150, 'auto', 'k', 0.5);
    spend('spend_d', 1e9 + 150, 'auto', null, 2);
    spend('spend_e', 1e9 + 150, 'cheap', 'k', null);
    await settled(store);
    expect(await store.spend(1e9 + 100)).toEqual([
      { route: 'auto', key: null, usd: 2 },
      { route: 'auto', key: 'k', usd: 0.75 },
      { route: 'cheap', key: 'k', usd: 0 },
    ]);
  });

  it('keeps the last two snapshots of each learner and passes over a damaged one', async () => {
    const { store, path, events } = shared;
    const state = (note: number) => ({ version: 1, data: { note }, arrays: { w: Float64Array.of(note, Math.E) } });
    expect(await store.loadSnapshot('a')).toBeNull();
    for (const seq of [3, 7, 9]) await store.saveSnapshot('a', { seq, state: state(seq) });
    await store.saveSnapshot('b', { seq: 1, state: state(1) });
    expect(await store.loadSnapshot('a')).toEqual({ seq: 9, state: state(9) });
    expect(await store.loadSnapshot('a', 9)).toEqual({ seq: 7, state: state(7) });
    expect(await store.loadSnapshot('a', 7)).toBeNull();
    expect(await store.loadSnapshot('b')).toMatchObject({ seq: 1 });
    const database = openDatabase({ path, busyTimeoutMs: 1000, maxPages: null });
    database.exec("UPDATE snapshots SET state = substr(state, 1, 20) WHERE learner = 'a' AND seq = 9");
    database.close();
    expect(await store.loadSnapshot('a')).toMatchObject({ seq: 7 });
    const message = expect.stringMatching(/a at 9 is damaged/);
    expect(events.filter(({ type }) => type === 'snapshot')).toMatchObject([{ message }]);
  });

  it('survives that an array is reused for the next decision', async () => {
    const { store, path } = shared;
    const decision = sampleDecision('dec_reused');
    store.decision({ ...sampleRecord('dec_reused'), decision });
    decision.propensities.fill(0);
    await settled(store);
    const blob = byId(path, 'dec_reused')?.['propensities'];
    expect(Buffer.isBuffer(blob) && blob.readDoubleLE(16)).toBe(0.8);
  });
});
