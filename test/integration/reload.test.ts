import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { buildApp, type App } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import { collectLogger } from '../helpers/collect-logger.ts';
import { chunkEvent, doneEvent, hello, startFakeUpstream, status, stopEvent } from '../helpers/fake-upstream.ts';
import type { FakeUpstream } from '../helpers/fake-upstream.ts';
import { ask, giveFeedback } from '../helpers/running-gateway.ts';

const question = { model: 'auto', messages: [{ role: 'user', content: 'Why is the sky blue?' }] };

let a: FakeUpstream;
let b: FakeUpstream;
/** Without keys or limits; each test begins with a file of its own. */
let gateway: Reloadable;
beforeAll(async () => {
  a = await startFakeUpstream();
  b = await startFakeUpstream();
  gateway = await start(`models:\n${model('one', a)}${auto}`);
});
afterEach(() => {
  a.always(hello);
  b.always(hello);
});
afterAll(async () => {
  await gateway.close();
  await a.close();
  await b.close();
});

interface Reloadable {
  readonly app: App;
  readonly url: string;
  readonly log: readonly string[];
  /** Writes the file and reloads. */
  become(yaml: string): Promise<void>;
  close(): Promise<void>;
}

/** A gateway over a file that can be written anew. */
async function start(yaml: string): Promise<Reloadable> {
  const folder = await mkdtemp(join(tmpdir(), 'pointsman-reload-'));
  const file = join(folder, 'pointsman.yaml');
  const environment = { POINTSMAN_PORT: '0' };
  const reread = () => loadConfig(file, { environment, workingDirectory: folder });
  await writeFile(file, yaml);
  const { logger, lines } = collectLogger();
  const app = await buildApp(reread(), { logger, reread });
  const url = await app.server.listen({ host: '127.0.0.1', port: 0 });
  return {
    app,
    url,
    log: lines,
    async become(next) {
      await writeFile(file, next);
      await app.reload();
    },
    async close() {
      await app.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const model = (id: string, fake: FakeUpstream, more = ''): string =>
  `  - { id: ${id}, base_url: "${fake.baseUrl}", price: { input: 1000, output: 1000 }${more} }\n`;
const auto = 'routes: { auto: { policy: static, estimators: { quality: mean, cost: mean } } }\n';
const until = async (done: () => boolean): Promise<void> => {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 5));
};
const served = async (url: string): Promise<string | null> =>
  (await ask(url, question)).headers.get('x-pointsman-model');

describe('a file that does not fit', () => {
  test('is refused with its line, counted and logged; the old one serves on', async () => {
    await gateway.become(`models:\n${model('one', a)}${auto}`);
    await expect(gateway.become(`models:\n${model('one', a)}${model('one', b)}${auto}`)).rejects.toThrow(
      /^pointsman\.yaml:3:11 models\[1\]\.id: "one" is already the id/,
    );
    await expect(gateway.become('models: [')).rejects.toMatchObject({ code: 'invalid_config' });
    await expect(gateway.become('')).rejects.toThrow('models');
    // Fits the schema, and fails only when the parts are put together.
    await expect(gateway.become(`models:\n${model('one', a)}routes: { auto: { policy: nosuch } }`)).rejects.toThrow(
      /pointsman\.yaml:3:.*there is no policy "nosuch"/,
    );
    expect(await served(gateway.url)).toBe('one');
    expect(gateway.log.filter((line) => line.includes('refused'))).toHaveLength(4);
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toContain('pointsman_config_reloads_total{result="refused"} 4\n');
  });

  test('nothing of it is taken over where a part needs a restart, and the message names that part', async () => {
    await gateway.become(`models:\n${model('one', a)}${auto}`);
    const next = `models:\n${model('two', b)}${auto}storage: { path: other.db }\nlimits: { max_attempts: 2, usd_per_day: 3 }\n`;
    await expect(gateway.become(next)).rejects.toThrow(
      /storage\.path \(pointsman\.yaml:4:.*limits\.max_attempts \(pointsman\.yaml:5:.*Restart it/,
    );
    // Nobody may lose the guard at the door by an edit: the socket may be bound for all the world.
    await expect(gateway.become(`models:\n${model('one', a)}${auto}auth: none\n`)).rejects.toThrow('auth (');
    expect(await served(gateway.url)).toBe('one');
  });
});

test('requests that run end where they began; new ones go where the new file says', async () => {
  await gateway.become(`models:\n${model('one', a)}${auto}`);
  let go = (): void => undefined;
  const gate = new Promise<void>((resolve) => (go = resolve));
  a.next(async (reply) => {
    reply.head(200, { 'content-type': 'text/event-stream' });
    await reply.write(chunkEvent({ content: 'first ' }));
    await gate;
    for (const piece of [chunkEvent({ content: 'last' }), stopEvent, doneEvent]) await reply.write(piece);
    reply.end();
  });
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...question, stream: true }),
  });
  await gateway.become(`models:\n${model('two', b)}${auto}`);
  expect(await served(gateway.url)).toBe('two');
  go();
  const text = await response.text();
  expect(text).toContain('"content":"last"');
  expect(text.endsWith(doneEvent)).toBe(true);
  expect(response.headers.get('x-pointsman-model')).toBe('one');
});

test('a request whose prompt is still being embedded ends on the models it was decided among', async () => {
  const vectors = await startFakeUpstream();
  onTestFinished(() => vectors.close());
  let go = (): void => undefined;
  const gate = new Promise<void>((resolve) => (go = resolve));
  vectors.always(async (reply, request) => {
    await gate;
    await status(200, '{"data":[{"embedding":[1,0]}]}')(reply, request);
  });
  const embedding = `embedder: { type: remote, base_url: "${vectors.baseUrl}", model: m, dimensions: 2, timeout_ms: 60000 }\n`;
  const own = await start(`models:\n${model('one', a)}routes: { auto: {} }\n${embedding}`);
  onTestFinished(() => own.close());
  const asked = ask(own.url, question);
  await vectors.received(1);
  await own.become(`models:\n${model('two', b)}routes: { auto: {} }\n${embedding}`);
  go();
  const { status: code, headers } = await asked;
  expect([code, headers.get('x-pointsman-model'), headers.get('x-pointsman-degraded')]).toEqual([200, 'one', null]);
  expect(await served(own.url)).toBe('two');
});

describe('what survives', () => {
  test('what was learned, to the digit, while models around it come and go', async () => {
    const learning = `routes: { auto: { policy: { type: epsilon-greedy, epsilon: 0, lambda: 0 }, models: [one, two], estimators: { quality: ridge, cost: mean } } }\n`;
    const yaml = `models:\n${model('one', a)}${model('two', b)}`;
    await gateway.become(`${yaml}${learning}`);
    for (let i = 0; i < 6; i++) {
      const answer = await ask(gateway.url, { ...question, model: i % 2 === 0 ? 'auto' : 'auto/random' });
      const score = answer.headers.get('x-pointsman-model') === 'two' ? 0.9 : 0.2;
      const decision = answer.headers.get('x-pointsman-decision') ?? '';
      expect((await giveFeedback(gateway.url, decision, score)).status).toBe(200);
    }
    const predicted = async (): Promise<string | null> =>
      (await ask(gateway.url, question)).headers.get('x-pointsman-predicted-quality');
    const before = await predicted();
    expect(Number(before)).toBeGreaterThan(0);
    await gateway.become(`${yaml}${model('three', b)}${learning}`);
    expect(await predicted()).toBe(before);
    // Feedback to a decision from before reaches the learner that serves now.
    const { headers } = await ask(gateway.url, question);
    await gateway.become(`${yaml}${learning}`);
    await giveFeedback(gateway.url, headers.get('x-pointsman-decision') ?? '', 0);
    await expect.poll(predicted).not.toBe(before);
  });

  test('breakers of targets that stay; a target that changed starts with a clean slate', async () => {
    const two = (key: string): string =>
      `models:\n${model('one', a, `, api_key: ${key}`)}${model('two', b)}routes: { auto: { policy: { type: static, model: one }, estimators: { quality: mean, cost: mean } } }\n`;
    await gateway.become(two('wrong'));
    a.always(status(401, '{}'));
    expect(await served(gateway.url)).toBe('two');
    const asked = a.requests.length;
    await gateway.become(`${two('wrong')}aliases: { other: auto }\n`);
    expect(await served(gateway.url)).toBe('two');
    expect(a.requests.length).toBe(asked);
    a.always(hello);
    await gateway.become(two('right'));
    expect(await served(gateway.url)).toBe('one');
  });

  test('budgets: what was spent counts against the limit that is new, and against the one that is raised', async () => {
    const limited = (usd: string): string => `models:\n${model('one', a)}${auto}limits: { usd_per_day: ${usd} }\n`;
    // 9 + 2 tokens at a thousand dollars a million: 0.011 dollars an answer.
    const own = await start(`models:\n${model('one', a)}${auto}`);
    onTestFinished(() => own.close());
    const short = { ...question, max_tokens: 2 };
    expect((await ask(own.url, short)).status).toBe(200);
    await expect.poll(() => own.app.store.health().pending).toBe(0);
    await own.become(limited('0.012'));
    expect((await ask(own.url, short)).status).toBe(429);
    await own.become(limited('0.030'));
    expect((await ask(own.url, short)).status).toBe(200);
    await own.become(limited('0.030').replace('one', 'uno'));
    expect((await ask(own.url, short)).status).toBe(429);
  });

  test('keys: a new one is let in, a removed one is not; only the scope admin may have the file read again', async () => {
    const keyed = (port: number, ...names: string[]): string =>
      `models:\n${model('one', a)}${auto}keys:\n${names.map((name) => `  - { name: ${name}, key: secret-of-${name}-0123456789, scopes: [chat, ${name === 'bob' ? 'admin' : 'feedback'}] }\n`).join('')}listen: { port: ${port} }\n`;
    const own = await start(keyed(0, 'ann', 'bob'));
    onTestFinished(() => own.close());
    const secret = (name: string) => ({ authorization: `Bearer secret-of-${name}-0123456789` });
    const by = async (name: string): Promise<number> => (await ask(own.url, question, secret(name))).status;
    await own.become(keyed(0, 'bob', 'cyd'));
    expect(await Promise.all(['ann', 'bob', 'cyd'].map(by))).toEqual([401, 200, 200]);

    const reload = (headers: Record<string, string>): Promise<Response> =>
      fetch(`${own.url}/admin/reload`, { method: 'POST', headers });
    expect((await reload({})).status).toBe(401);
    expect((await reload(secret('cyd'))).status).toBe(403);
    const taken = await reload(secret('bob'));
    expect([taken.status, await taken.json()]).toEqual([200, { status: 'reloaded' }]);
    await expect(own.become(keyed(70_000, 'bob'))).rejects.toThrow();
    const refused = await reload(secret('bob'));
    expect(await refused.json()).toMatchObject({
      error: { code: 'invalid_config', message: expect.stringContaining('pointsman.yaml:6:') },
    });
    expect(await by('cyd')).toBe(200);
  });
});

test('hosts come and go under load, and no request is lost', async () => {
  const hosts = await Promise.all(Array.from({ length: 4 }, () => startFakeUpstream()));
  for (const host of hosts) {
    host.always(async (reply, request) => {
      await reply.wait(5);
      await hello(reply, request);
    });
  }
  onTestFinished(() => Promise.all(hosts.map((host) => host.close())).then(() => undefined));
  const yaml = (...indexes: readonly number[]): string =>
    `models:\n  - id: pool\n    price: { input: 1, output: 1 }\n    targets:\n${indexes.map((index) => `      - { base_url: "${hosts[index]?.baseUrl}" }\n`).join('')}${auto}`;
  await gateway.become(yaml(0, 1));
  const run = { ended: false };
  let answers = 0;
  const wrong: string[] = [];
  const running = new Set<Promise<unknown>>();
  const client = async (stream: boolean): Promise<void> => {
    while (!run.ended) {
      const asked = ask(gateway.url, { ...question, stream });
      running.add(asked);
      const answer = await asked;
      running.delete(asked);
      answers++;
      if (answer.status !== 200 || !answer.text.includes('world')) wrong.push(`${answer.status} ${answer.text}`);
    }
  };
  const clients = Array.from({ length: 16 }, (_, index) => client(index % 2 === 0));
  const used = new Set<number>();
  try {
    for (let turn = 0; turn < 5; turn++) {
      const pair = [turn % 4, (turn + 1) % 4];
      await gateway.become(yaml(...pair));
      const gone = [0, 1, 2, 3].filter((index) => !pair.includes(index));
      // What ran on them ends; then they can be switched off.
      await Promise.all(running);
      const before = gone.map((index) => hosts[index]?.requests.length);
      const reached = answers + 50;
      await until(() => answers >= reached);
      expect(gone.map((index) => hosts[index]?.requests.length)).toEqual(before);
      for (const index of pair) if ((hosts[index]?.requests.length ?? 0) > 0) used.add(index);
    }
  } finally {
    run.ended = true;
    await Promise.all(clients);
  }
  expect(wrong).toEqual([]);
  expect(used.size).toBe(4);
});
