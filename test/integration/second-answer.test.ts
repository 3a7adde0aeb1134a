import Database from 'better-sqlite3';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { completion, startFakeUpstream, status, type FakeUpstream } from '../helpers/fake-upstream.ts';
import { ask, startGateway, type RunningGateway } from '../helpers/running-gateway.ts';

/** `stabl` before two real servers: one answers right, the other wrong, and a verifier can tell. */
let right: FakeUpstream;
let wrong: FakeUpstream;
let gateway: RunningGateway | null = null;

beforeAll(async () => {
  right = await startFakeUpstream(status(200, completion('GOOD answer')));
  wrong = await startFakeUpstream(status(200, completion('poor answer')));
});
afterAll(() => Promise.all([right.close(), wrong.close()]));
afterEach(async () => {
  await gateway?.close();
  gateway = null;
});

const yaml = (second: string, more = ''): string => `models:
  - { id: right, base_url: "${right.baseUrl}", price: { input: 1, output: 2 } }
  - { id: wrong, base_url: "${wrong.baseUrl}", price: { input: 1, output: 2 }${more} }
routes:
  auto:
    policy: { type: stabl, lambda: 0 }
    rewards: { retried: false, refusal: false, json: false, tool_calls: false, verifiers: [{ type: contains, all: ["GOOD"] }] }
    ${second}
`;
const paid = (usd = 1): string => `second: { usd_per_day: ${usd} }`;
const body = (content: string, more: object = {}) => ({
  model: 'auto',
  messages: [{ role: 'user', content }],
  max_tokens: 10,
  ...more,
});

interface Row {
  readonly route: string;
  readonly chosen_model: string;
  readonly propensity: number;
  readonly tags: string | null;
  readonly cost: number | null;
  readonly score: number | null;
}
function rows(folder = gateway?.folder ?? ''): readonly Row[] {
  const database = new Database(join(folder, 'outcomes.db'), { readonly: true });
  try {
    return database
      .prepare<[], Row>(
        `SELECT route, chosen_model, propensity, tags,
           (SELECT sum(cost_usd) FROM attempts a WHERE a.decision_number = d.number) AS cost,
           (SELECT score FROM rewards r WHERE r.decision_number = d.number AND r.source = 'verifier') AS score
         FROM decisions d ORDER BY number`,
      )
      .all();
  } finally {
    database.close();
  }
}
const seconds = () => rows().filter(({ route }) => route === '#second/auto');
const remembered = (name: string): unknown =>
  gateway?.app.router.routes.get(name)?.memory?.learner.save().data['facts'];
const called = () => right.requests.length + wrong.requests.length;

test('the model that was drawn is asked too, scored, and heard of by the policy alone', async () => {
  gateway = await startGateway(yaml(paid()));
  const before = called();
  const requests = 24;
  for (let i = 0; i < requests; i++) {
    expect((await ask(gateway.url, body(`Question ${i}`))).status).toBe(200);
    // Each is scored before the next is asked: a burst would be left out on purpose.
    await vi.waitFor(() => expect(seconds().filter(({ score }) => score !== null)).toHaveLength(i + 1), 5_000);
  }
  // Where the draw fell on the model that served, nothing was asked.
  const twice = seconds().filter(({ cost }) => cost !== null);
  expect(called() - before).toBe(requests + twice.length);
  expect(twice.length).toBeGreaterThan(3);
  expect(twice.length).toBeLessThan(requests - 3);
  for (const each of seconds()) {
    expect(each).toMatchObject({ propensity: 0.5, score: each.chosen_model === 'right' ? 1 : 0 });
    const against = JSON.parse(each.tags ?? '{}')['against'];
    expect(each.cost === null).toBe(against === each.chosen_model);
  }
  for (const { cost } of twice) expect(cost).toBeCloseTo(13e-6, 12);
  // One fact of the answer served, one of the second.
  await vi.waitFor(() => expect(remembered('auto')).toBe(2 * requests));
});

test('what was learned of second answers is there after a restart', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pointsman-second-'));
  gateway = await startGateway(yaml(paid()), { folder });
  for (let i = 0; i < 4; i++) {
    await ask(gateway.url, body(`Question ${i}`));
    await vi.waitFor(() => expect(remembered('auto')).toBe(2 * (i + 1)), 5_000);
  }
  const propensities = () =>
    Array.from(gateway?.app.router.routes.get('auto')?.memory?.learner.save().arrays['losses'] ?? []);
  const before = propensities();
  await gateway.close();
  gateway = await startGateway(yaml(paid()), { folder });
  expect(propensities()).toEqual(before);
  expect(remembered('auto')).toBe(8);
  await gateway.close();
  gateway = null;
  await rm(folder, { recursive: true });
});

test('nothing is asked unless the route pays for it, nor beyond its dollars', async () => {
  gateway = await startGateway(yaml(''));
  let before = called();
  for (let i = 0; i < 8; i++) await ask(gateway.url, body(`Question ${i}`));
  await vi.waitFor(() => expect(remembered('auto')).toBe(8), 5_000);
  expect(called() - before).toBe(8);
  await gateway.close();

  // One call sets aside at most 10 x $2 and the prompt: room for one or two.
  gateway = await startGateway(yaml(paid(0.00004)));
  before = called();
  for (let i = 0; i < 16; i++) {
    await ask(gateway.url, body(`Question ${i}`));
    await vi.waitFor(() => expect(rows().filter(({ score }) => score !== null).length).toBeGreaterThan(i), 5_000);
  }
  await vi.waitFor(() => expect(gateway?.log.join('\n')).toContain('A second answer was not asked for'), 5_000);
  const spent = seconds().reduce((sum, { cost }) => sum + (cost ?? 0), 0);
  expect(spent).toBeGreaterThan(0);
  expect(spent).toBeLessThanOrEqual(0.00004);
  expect(called() - before).toBeLessThanOrEqual(16 + 3);
});

test('a request that must stay here is never shown to a second model elsewhere', async () => {
  gateway = await startGateway(yaml(paid(), ', local: false'));
  const before = wrong.requests.length;
  for (let i = 0; i < 8; i++) await ask(gateway.url, body('secret', { pointsman: { local_only: true } }));
  for (let i = 0; i < 8; i++) await ask(gateway.url, body('open'));
  await vi.waitFor(() => expect(wrong.requests.length - before).toBeGreaterThan(0), 5_000);
  const seen = wrong.requests.slice(before).map(({ raw }) => raw.toString());
  expect(seen.join()).not.toContain('secret');
  expect(gateway.log.join('\n')).not.toContain('secret');
});

test('a route that could not use a second answer says so at the start', async () => {
  const other = yaml(paid()).replace('{ type: stabl, lambda: 0 }', 'epsilon-greedy');
  await expect(startGateway(other)).rejects.toThrow(/never asks for a second answer \(stabl does\)/);
  await expect(startGateway(yaml(paid()).replace(/verifiers: \[.*\] \}/, 'verifiers: [] }'))).rejects.toThrow(
    /needs "rewards"/,
  );
});
