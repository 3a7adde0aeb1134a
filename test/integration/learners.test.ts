import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { learnersCommand } from '../../src/cli/learners.ts';
import { ask, giveFeedback, startGateway, type RunningGateway } from '../helpers/running-gateway.ts';

const yaml = `models:
  - { id: small, backend: simulated, price: { input: 1, output: 1 }, options: { skills: {} } }
  - { id: large, backend: simulated, price: { input: 1, output: 1 }, options: { skills: {} } }
routes:
  auto:
    # Each is asked about as often: of a model that was never asked nothing can be learned.
    policy: { type: epsilon-greedy, epsilon: 1 }
    estimators: { quality: mean }
`;
let folder: string;
let gateway: RunningGateway | null = null;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pointsman-learners-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(async () => {
  await gateway?.close();
  gateway = null;
});

const admin = async (path = '', body?: object, headers: Record<string, string> = {}) => {
  const response = await fetch(`${gateway?.url}/admin/learners${path}`, {
    method: path === '' ? 'GET' : 'POST',
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer: unknown = await response.json();
  return { status: response.status, body: answer };
};

/** What the gateway thinks of `large`, 0 to 1. */
async function esteem(): Promise<number> {
  const { headers } = await ask(gateway?.url ?? '', {
    model: 'large',
    messages: [{ role: 'user', content: 'x' }],
    max_tokens: 1,
  });
  expect(headers.get('x-pointsman-model')).toBe('large');
  const route = gateway?.app.router.routes.get('auto');
  const slot = route?.predict({ embedding: new Float32Array(512), promptTokens: 1 }, [{ model: 'large', price: null }]);
  return slot?.predictions.quality?.mean[0] ?? NaN;
}

async function teach(count: number, score: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const { headers } = await ask(gateway?.url ?? '', {
      model: 'auto',
      messages: [{ role: 'user', content: `Question ${i}` }],
      max_tokens: 1,
    });
    await giveFeedback(gateway?.url ?? '', headers.get('x-pointsman-decision') ?? '', score);
  }
}

/** What the command prints. */
async function command(...words: readonly string[]): Promise<string> {
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    await learnersCommand().parseAsync(['node', 'learners', ...words, '--url', gateway?.url ?? '']);
    return written.mock.calls.map(([text]) => String(text)).join('');
  } finally {
    written.mockRestore();
  }
}

test('poisoned feedback is undone: freeze, reset to a snapshot, and it holds over a restart', async () => {
  gateway = await startGateway(yaml, { folder });
  await teach(20, 1);
  expect(await admin('/mean/quality/snapshot')).toMatchObject({ status: 200, body: { folded: 20 } });
  const before = await esteem();
  await teach(20, 0);
  const poisoned = await esteem();
  expect(poisoned).not.toBe(before);
  expect(await admin('/mean/quality/freeze', {})).toMatchObject({ body: { frozen: true, frozenBy: ['admin'] } });
  await teach(5, 0);
  expect(await esteem()).toBe(poisoned);
  expect(JSON.parse(await command('reset', 'mean/quality'))).toMatchObject({
    last: { action: 'reset', obeyed: true, by: 'admin' },
    folded: 20,
  });
  expect(await esteem()).toBe(before);
  await gateway.close();

  gateway = await startGateway(yaml, { folder });
  expect(await esteem()).toBe(before);
  const listed = await admin();
  expect(listed).toMatchObject({
    body: { learners: [{ name: 'mean/quality', frozen: true, folded: 20 }, { name: 'mean/cost' }] },
  });
  // A snapshot tells when it was taken.
  expect(JSON.stringify(listed.body)).toMatch(/"seq":\d+,"at":"20\d\d-/);
  expect(JSON.parse(await command('list'))).toEqual(listed.body);
  await command('resume', 'mean/quality');
  await teach(5, 0);
  expect(await esteem()).not.toBe(before);
});

test('the YAML freezes, its facts are passed over for good, and taking it out lets learning go on', async () => {
  const own = await mkdtemp(join(folder, 'yaml-'));
  gateway = await startGateway(`${yaml}learning: { frozen: [mean] }\n`, { folder: own });
  const before = await esteem();
  await teach(5, 0);
  expect(await esteem()).toBe(before);
  expect(await admin('/mean/quality/resume', {})).toMatchObject({ body: { frozen: true, frozenBy: ['yaml'] } });
  await gateway.close();

  gateway = await startGateway(yaml, { folder: own });
  expect(await admin()).toMatchObject({ body: { learners: [{ frozen: false, folded: 0 }, { frozen: false }] } });
  expect(await esteem()).toBe(before);
  await teach(5, 0);
  expect(await admin()).toMatchObject({ body: { learners: [{ folded: 5 }, {}] } });
  await gateway.close();
  gateway = null;
  await expect(startGateway(`${yaml}learning: { frozen: [meen] }\n`)).rejects.toThrow(
    /no learner "meen"; .*mean\/quality/,
  );
});

test('bad input is told, and only administrators are listened to', async () => {
  gateway = await startGateway(
    `${yaml}keys:
  - { name: boss, key: boss-secret-of-some-length, scopes: [chat, feedback, admin] }
  - { name: app, key: app-secret-of-some-length }
`,
  );
  const as = (key: string) => ({ authorization: `Bearer ${key}` });
  const boss = as('boss-secret-of-some-length');
  for (const path of ['', '/mean/quality/freeze']) {
    expect((await admin(path)).status).toBe(401);
    expect((await admin(path, undefined, as('app-secret-of-some-length'))).status).toBe(403);
  }
  expect(await admin('/mean/latency/freeze', undefined, boss)).toMatchObject({ status: 404 });
  expect(await admin('/mean/quality/sing', undefined, boss)).toMatchObject({ status: 400 });
  expect(await admin('/mean/quality/reset', { to: 7 }, boss)).toMatchObject({ status: 400 });
  expect(await admin('/mean/quality/reset', { to: 0 }, boss)).toMatchObject({ status: 200, body: { folded: 0 } });
  await gateway.close();

  gateway = await startGateway(`${yaml}auth: none\n`);
  expect((await admin()).status).toBe(403);
  expect((await admin('/mean/quality/freeze', {})).status).toBe(403);
});
