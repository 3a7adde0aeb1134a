import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hello, startFakeUpstream, status, type Answer, type FakeUpstream } from '../helpers/fake-upstream.ts';
import { ask, startGateway, type RunningGateway } from '../helpers/running-gateway.ts';

let near: FakeUpstream;
let far: FakeUpstream;
let gateway: RunningGateway | null = null;
beforeEach(async () => {
  [near, far] = await Promise.all([startFakeUpstream(), startFakeUpstream()]);
});
afterEach(async () => {
  await gateway?.close();
  gateway = null;
  await Promise.all([near.close(), far.close()]);
});

const messages = [{ role: 'user', content: 'Hello there' }];
const start = async (yaml: string): Promise<string> => (gateway = await startGateway(yaml)).url;

describe('a full target', () => {
  /** Answers when it is told to. */
  const held = (): { answer: Answer; free: () => void } => {
    let free = (): void => undefined;
    const gate = new Promise<void>((resolve) => (free = resolve));
    return {
      answer: async (reply, request) => {
        await gate;
        await hello(reply, request);
      },
      free: () => free(),
    };
  };
  const yaml = (overload: string): string => `
models:
  - { id: large, base_url: "${near.baseUrl}", price: { input: 2, output: 2 }, capacity: { concurrency: 1, queue: 1 } }
  - { id: dear, base_url: "${far.baseUrl}", price: { input: 9, output: 9 } }
  - { id: small, base_url: "${far.baseUrl}", upstream_model: small, price: { input: 1, output: 1 } }
routes:
  auto: { models: [large, dear, small], policy: { type: static, model: large }${overload} }
`;

  it('makes the next wait, and tells the one after that when to come back', async () => {
    const url = await start(yaml(''));
    const { answer, free } = held();
    near.always(answer);
    const first = ask(url, { model: 'auto', messages });
    await near.received(1);
    // One of these waits, the other is over the line: it is the only one that can end now.
    const rivals = [ask(url, { model: 'auto', messages }), ask(url, { model: 'auto', messages })];
    const third = await Promise.race(rivals);
    expect(third.status).toBe(429);
    expect(JSON.parse(third.text)).toMatchObject({
      error: { code: 'rate_limited', message: expect.stringContaining('full') },
    });
    expect(Number(third.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(third.headers.get('x-should-retry')).toBe('true');
    expect(third.headers.get('x-pointsman-attempts')).toBe('0');
    free();
    const codes = (await Promise.all([first, ...rivals])).map(({ status: code }) => code);
    expect(codes.slice().sort((a, b) => a - b)).toEqual([200, 200, 429]);
    expect(far.requests).toHaveLength(0);
  });

  it('gives way to a cheaper model where the route allows it, never to a dearer one', async () => {
    const url = await start(yaml(', overload: { degrade: true }'));
    const { answer, free } = held();
    near.always(answer);
    const running = [ask(url, { model: 'auto', messages })];
    await near.received(1);
    // One waits, so the third is over the line; which of the two is which does not matter.
    running.push(ask(url, { model: 'auto', messages }), ask(url, { model: 'auto', messages }));
    await far.received(1);
    expect(far.requests[0]?.json()['model']).toBe('small');
    free();
    const answers = await Promise.all(running);
    expect(answers.map(({ status: code }) => code)).toEqual([200, 200, 200]);
    const served = answers.map(({ headers }) => headers.get('x-pointsman-model'));
    expect(served.filter((model) => model === 'large')).toHaveLength(2);
    expect(served).toContain('small');
    // Who got less than was chosen is told so, and nobody else is.
    const degraded = answers.map(({ headers }) => headers.get('x-pointsman-degraded'));
    expect(degraded.map((what) => what?.includes('overload:cheaper_model') === true)).toEqual(
      served.map((model) => model === 'small'),
    );
    const metrics = await (await fetch(`${url}/metrics`)).text();
    const [id = ''] = /large@[^"]*/.exec(metrics) ?? [];
    for (const line of [
      `pointsman_target_gate_running{target="${id}"} 0`,
      `pointsman_target_gate_waiting{target="${id}"} 0`,
      `pointsman_target_gate_waited_total{target="${id}"} 1`,
      `pointsman_target_gate_refused_total{target="${id}"} 1`,
    ]) {
      expect(metrics).toContain(`${line}\n`);
    }
    expect(Number(/gate_wait_seconds_total\{[^}]*\} (\S+)/.exec(metrics)?.[1])).toBeGreaterThan(0);
  });
});

describe('a conversation', () => {
  it('stays on its model turn after turn under a policy that draws; others do not follow', async () => {
    const url = await start(`
models:
  - { id: a, base_url: "${near.baseUrl}", price: { input: 1, output: 1 } }
  - { id: b, base_url: "${far.baseUrl}", price: { input: 1, output: 1 } }
routes:
  auto: { policy: random, session: {} }
`);
    const served = async (body: object, headers: Record<string, string> = {}): Promise<string | null> =>
      (await ask(url, { model: 'auto', ...body }, headers)).headers.get('x-pointsman-model');
    const turns = [...messages];
    const byHead = new Set<string | null>();
    for (let i = 0; i < 8; i++) {
      byHead.add(await served({ messages: turns }));
      turns.push({ role: 'assistant', content: 'Hello world' }, { role: 'user', content: `and ${i}` });
    }
    expect(byHead.size).toBe(1);
    const byHeader = new Set<string | null>();
    for (let i = 0; i < 8; i++) {
      const own = [{ role: 'user', content: `unlike ${i}` }];
      byHeader.add(await served({ messages: own }, { 'x-pointsman-session': 's-1' }));
    }
    expect(byHeader.size).toBe(1);
    const others = new Set<string | null>();
    for (let i = 0; i < 24; i++) others.add(await served({ messages: [{ role: 'user', content: `talk ${i}` }] }));
    expect(others.size).toBe(2);
  });
});

describe('health checks', () => {
  it('ask the real address with the key, pass a dead target over before any request, and let it back', async () => {
    let dead = true;
    const checked: Answer = async (reply, request) => {
      if (request.method === 'GET') return status(dead ? 503 : 200, '{}')(reply, request);
      return hello(reply, request);
    };
    near.always(checked);
    far.always(checked);
    const url = await start(`
models:
  - id: m
    price: { input: 1, output: 1 }
    api_key: sk-health-secret
    targets:
      - { id: near, base_url: "${near.baseUrl}", weight: 1000, health_check: { interval_ms: 10, timeout_ms: 500, failures: 2 } }
      - { id: far, base_url: "${far.baseUrl}", weight: 0.001 }
`);
    await near.received(4);
    expect(near.requests[0]).toMatchObject({ method: 'GET', path: '/v1/models' });
    expect(near.requests[0]?.headers['authorization']).toBe('Bearer sk-health-secret');
    expect((await ask(url, { model: 'm', messages })).headers.get('x-pointsman-target')).toBe('far');
    const scrape = async (): Promise<string> => (await fetch(`${url}/metrics`)).text();
    expect(await scrape()).toContain('pointsman_target_healthy{target="near"} 0\n');
    expect(await scrape()).toContain('pointsman_target_cooling{target="near"} 1\n');
    dead = false;
    const before = near.requests.length;
    await near.received(before + 3);
    expect((await ask(url, { model: 'm', messages })).headers.get('x-pointsman-target')).toBe('near');
    expect(await scrape()).toContain('pointsman_target_healthy{target="near"} 1\n');
    expect(await scrape()).not.toContain('pointsman_target_cooling');
  });
});
