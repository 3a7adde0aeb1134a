import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { savingsFromLog } from '../../src/cli/savings.ts';
import { openDecisionLog } from '../../src/outcomes/log.ts';
import { ask, startGateway, type RunningGateway } from '../helpers/running-gateway.ts';

/** The whole gateway twice: with and without an observing route, over the same simulated models. */
const models = `models:
  - { id: small, backend: simulated, price: { input: 0.1, output: 0.4 }, options: { skills: { chat: 0.5 }, seed: a } }
  - { id: large, backend: simulated, price: { input: 3, output: 12 }, options: { skills: { chat: 0.9 }, seed: b } }
`;
let observing: RunningGateway;
let plain: RunningGateway;

beforeAll(async () => {
  observing = await startGateway(
    `${models}routes:
  auto: { models: [small, large], mode: observe, baseline: large, policy: { type: cost-aware, lambda: 1000 } }
`,
  );
  plain = await startGateway(`${models}routes: { auto: { models: [small, large] } }\n`);
});
afterAll(async () => {
  await observing.close();
  await plain.close();
});

const body = (prompt: string) => ({ model: 'large', messages: [{ role: 'user', content: prompt }], max_tokens: 30 });

test('the client gets what it would get without us; the route itself is the baseline', async () => {
  for (let i = 0; i < 12; i++) {
    const [watched, alone] = await Promise.all([
      ask(observing.url, body(`Question ${i}`)),
      ask(plain.url, body(`Question ${i}`)),
    ]);
    const said = (text: string): unknown => JSON.parse(text).choices;
    expect(watched.status).toBe(200);
    expect(said(watched.text)).toEqual(said(alone.text));
    expect(watched.headers.get('x-pointsman-model')).toBe('large');
  }
  const client = new OpenAI({ baseURL: `${observing.url}/v1`, apiKey: 'any' });
  const named = await client.chat.completions.create({ model: 'auto', messages: [{ role: 'user', content: 'Hi' }] });
  expect(named.choices[0]?.message.content).toContain('[simulated] large');
});

test('savings over a log that a gateway wrote', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pointsman-observe-'));
  const gateway = await startGateway(
    `${models}routes:
  auto: { models: [small, large], mode: observe, policy: { type: cost-aware, lambda: 1000 }, exploration: { epsilon: 0.1 } }
`,
    { folder },
  );
  for (let i = 0; i < 12; i++) await ask(gateway.url, body(`Question ${i}`));
  await gateway.close();
  const path = join(folder, 'outcomes.db');
  const log = openDecisionLog(path);
  const rows = [...log.decisions()].filter(({ policy }) => policy === 'observe');
  log.close();
  expect(rows).toHaveLength(12);
  for (const row of rows) {
    expect(row).toMatchObject({ served: 'large', chosen: 'large', pinned: true, shadow: { policy: 'cost-aware' } });
    expect([...row.propensities]).toEqual([0, 1]);
    expect([...(row.shadow?.propensities ?? [])].reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 12);
  }
  const [saved] = savingsFromLog(path, 'auto', { baseline: null, resamples: 100, seed: 'x' });
  expect(saved?.compared).toBe(12);
  expect(saved?.savedUsd.low).toBeGreaterThan(0);
  expect(() => savingsFromLog(path, 'nowhere', { baseline: null, resamples: 0, seed: 'x' })).toThrow(/mode: observe/);
  await rm(folder, { recursive: true });
});
