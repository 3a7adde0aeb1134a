import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ask, giveFeedback, startGateway, type RunningGateway } from '../helpers/running-gateway.ts';

/** A gateway whose canary sends half of the requests to `large`, with feedback that knows which model is better. */
const yaml = `models:
  - { id: small, backend: simulated, price: { input: 1, output: 1 }, options: { skills: {} } }
  - { id: large, backend: simulated, price: { input: 1, output: 1 }, options: { skills: {} } }
routes:
  auto:
    policy:
      type: canary
      policy: { type: static, model: small }
      candidate: { type: static, model: large }
      share: 0.5
      quality_margin: 0.02
`;
let folder: string;
let gateway: RunningGateway | null = null;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pointsman-canary-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(async () => {
  await gateway?.close();
  gateway = null;
});

const admin = async (body?: object, headers: Record<string, string> = {}, route = 'auto') => {
  const response = await fetch(`${gateway?.url}/admin/canary/${route}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer: unknown = await response.json();
  return { status: response.status, body: answer };
};

async function serve(count: number, good: string): Promise<number> {
  let toLarge = 0;
  for (let i = 0; i < count; i++) {
    const body = { model: 'auto', messages: [{ role: 'user', content: `Question ${i}` }], max_tokens: 1 };
    const { headers } = await ask(gateway?.url ?? '', body);
    const model = headers.get('x-pointsman-model');
    if (model === 'large') toLarge++;
    await giveFeedback(gateway?.url ?? '', headers.get('x-pointsman-decision') ?? '', model === good ? 1 : 0);
  }
  return toLarge;
}

test('a better candidate is promoted by its feedback, and stays so over a restart; an administrator has the last word', async () => {
  gateway = await startGateway(yaml, { folder });
  expect(await admin()).toMatchObject({
    status: 200,
    body: { phase: 'testing', frozen: false, quality: { base: { count: 0 } } },
  });
  await serve(50, 'large');
  expect(await admin()).toMatchObject({ body: { phase: 'promoted' } });
  await gateway.close();

  gateway = await startGateway(yaml, { folder });
  expect(await admin()).toMatchObject({ body: { phase: 'promoted' } });
  expect(await serve(5, 'large')).toBe(5);
  expect(await admin({ action: 'rollback' })).toMatchObject({ status: 200, body: { phase: 'rolled_back' } });
  expect(await serve(5, 'large')).toBe(0);
  await gateway.close();

  gateway = await startGateway(yaml, { folder });
  expect(await admin()).toMatchObject({ body: { phase: 'rolled_back' } });
  expect(await admin({ action: 'restart' })).toMatchObject({
    body: { phase: 'testing', quality: { base: { count: 0 } } },
  });
  expect(await admin({ action: 'sing' })).toMatchObject({ status: 400 });
  expect(await admin(undefined, {}, 'other')).toMatchObject({ status: 404 });
});

test('only administrators: no key, a key without the scope, and a gateway that is open to all are refused', async () => {
  gateway = await startGateway(
    `${yaml}keys:
  - { name: boss, key: boss-secret-of-some-length, scopes: [chat, feedback, admin] }
  - { name: app, key: app-secret-of-some-length }
`,
  );
  const as = (key: string) => ({ authorization: `Bearer ${key}` });
  expect((await admin({ action: 'promote' })).status).toBe(401);
  expect((await admin({ action: 'promote' }, as('app-secret-of-some-length'))).status).toBe(403);
  expect(await admin({ action: 'promote' }, as('boss-secret-of-some-length'))).toMatchObject({
    body: { phase: 'promoted' },
  });
  await gateway.close();
  gateway = await startGateway(`${yaml}auth: none\n`);
  expect((await admin({ action: 'promote' })).status).toBe(403);
  expect((await admin()).status).toBe(403);
});
