import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildApp, type App } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import { collectLogger } from '../helpers/collect-logger.ts';
import { hello, startFakeUpstream, type Answer, type FakeUpstream } from '../helpers/fake-upstream.ts';
import { ask } from '../helpers/running-gateway.ts';

/** What a reload changes of capacity, hedges and balance, seen from outside: a gateway over a file, two servers. */
const question = { model: 'auto', messages: [{ role: 'user', content: 'Why is the sky blue?' }] };

let one: FakeUpstream;
let two: FakeUpstream;
let app: App;
let url: string;
let folder: string;

beforeAll(async () => {
  [one, two] = await Promise.all([startFakeUpstream(hello), startFakeUpstream(hello)]);
  folder = await mkdtemp(join(tmpdir(), 'pointsman-reload-upstream-'));
  const file = join(folder, 'pointsman.yaml');
  const reread = () => loadConfig(file, { environment: { POINTSMAN_PORT: '0' }, workingDirectory: folder });
  await writeFile(file, yaml({}));
  app = await buildApp(reread(), { logger: collectLogger().logger, reread });
  url = await app.server.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await app.close();
  await Promise.all([one.close(), two.close()]);
  await rm(folder, { recursive: true, force: true });
});

interface Parts {
  readonly capacity?: string;
  readonly hedge?: string;
  readonly balance?: string;
  /** Of the second target; the first has 1000. */
  readonly weight?: number;
}

function yaml({ capacity, hedge, balance, weight = 0.001 }: Parts): string {
  const member = (name: string, value: string | undefined): string =>
    value === undefined ? '' : `, ${name}: ${value}`;
  return `models:
  - id: m
    price: { input: 1, output: 1 }${balance === undefined ? '' : `\n    balance: ${balance}`}
    targets:
      - { id: near, base_url: "${one.baseUrl}", weight: 1000${member('capacity', capacity)} }
      - { id: far, base_url: "${two.baseUrl}", weight: ${weight}${member('capacity', capacity)} }
routes: { auto: { policy: static, estimators: { quality: mean, cost: mean }${member('hedge', hedge)} } }
`;
}

const become = async (parts: Parts): Promise<void> => {
  await writeFile(join(folder, 'pointsman.yaml'), yaml(parts));
  await app.reload();
};

/** Answers once it is told to. */
function held(): { readonly answer: Answer; readonly free: () => void } {
  let free = (): void => undefined;
  const told = new Promise<void>((resolve) => (free = resolve));
  return {
    answer: async (reply, request) => {
      await told;
      await hello(reply, request);
    },
    free: () => free(),
  };
}

const targetsOf = async (count: number): Promise<readonly (string | null)[]> => {
  const targets: (string | null)[] = [];
  for (let i = 0; i < count; i++) targets.push((await ask(url, question)).headers.get('x-pointsman-target'));
  return targets;
};

describe('a reload takes over', () => {
  test('capacity: a bound where there was none, a wider one for who waits, and none again', async () => {
    const { answer, free } = held();
    one.always(answer);
    two.always(answer);
    await become({ capacity: '{ concurrency: 1, queue: 0 }' });
    const [atOne, atTwo] = [one.requests.length, two.requests.length];
    const running = [ask(url, question)];
    await one.received(atOne + 1);
    running.push(ask(url, question));
    await two.received(atTwo + 1);
    expect((await ask(url, question)).status).toBe(429);
    // Whoever runs counts against the wider bound: one more place at each.
    await become({ capacity: '{ concurrency: 2, queue: 0 }' });
    running.push(ask(url, question), ask(url, question));
    await Promise.all([one.received(atOne + 2), two.received(atTwo + 2)]);
    expect((await ask(url, question)).status).toBe(429);
    await become({});
    running.push(ask(url, question));
    await one.received(atOne + 3);
    free();
    expect((await Promise.all(running)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    one.always(hello);
    two.always(hello);
  });

  test('balance: by weight two calls meet at one target, by load they do not, and by weight again', async () => {
    const twoAtOnce = async (): Promise<readonly string[]> => {
      const { answer, free } = held();
      one.always(answer);
      two.always(answer);
      const before = one.requests.length + two.requests.length;
      const running = [ask(url, question), ask(url, question)];
      while (one.requests.length + two.requests.length < before + 2) await new Promise((done) => setTimeout(done, 2));
      free();
      const answers = await Promise.all(running);
      return answers.map(({ headers }) => headers.get('x-pointsman-target') ?? '').sort((a, b) => a.localeCompare(b));
    };
    await become({});
    expect(await twoAtOnce()).toEqual(['near', 'near']);
    await become({ balance: 'least-load', weight: 1000 });
    expect(await twoAtOnce()).toEqual(['far', 'near']);
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('pointsman_target_calls{target="near"} 0\n');
    await become({});
    expect(await twoAtOnce()).toEqual(['near', 'near']);
    one.always(hello);
    two.always(hello);
  });

  test('hedges: none before, one beside a slow call after, none once they are taken out', async () => {
    const sent = async (): Promise<number> => {
      const metrics = await (await fetch(`${url}/metrics`)).text();
      return Number(/pointsman_hedges_sent_total\{route="auto"\} (\d+)/.exec(metrics)?.[1] ?? 0);
    };
    await become({ hedge: '{ quantile: 0.9, min_ms: 10, max_share: 1 }' });
    await targetsOf(24);
    expect(await sent()).toBe(0);
    const slow = held();
    one.always(slow.answer);
    expect(await targetsOf(1)).toEqual(['far']);
    expect(await sent()).toBe(1);
    await become({});
    const before = two.requests.length;
    const waiting = ask(url, question);
    await one.received(one.requests.length + 1);
    slow.free();
    expect((await waiting).headers.get('x-pointsman-target')).toBe('near');
    expect(two.requests.length).toBe(before);
    one.always(hello);
  });
});
