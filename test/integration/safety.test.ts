import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { completion, startFakeUpstream, status, type FakeUpstream } from '../helpers/fake-upstream.ts';
import { ask, startGateway, type RunningGateway } from '../helpers/running-gateway.ts';

const secret = 'sk-stored-with-the-operator';
let upstream: FakeUpstream;
let attacker: FakeUpstream;
let gateway: RunningGateway;

beforeAll(async () => {
  upstream = await startFakeUpstream();
  attacker = await startFakeUpstream();
  gateway = await startGateway(`
models: [{ id: only, base_url: "${upstream.baseUrl}", api_key: ${secret}, price: { input: 1, output: 1 } }]
routes: { auto: { policy: static, estimators: { quality: mean, cost: mean } } }
`);
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
  await attacker.close();
});

const messages = [{ role: 'user', content: 'hi' }];

test('no field and no header of a request names where it goes', async () => {
  const url = attacker.baseUrl;
  const names = ['base_url', 'api_base', 'baseURL', 'endpoint', 'url', 'target', 'proxy', 'custom_llm_provider'];
  for (const name of names) {
    const { status: code } = await ask(gateway.url, { model: 'auto', messages, [name]: url, api_key: 'theirs' });
    expect(code).toBe(200);
    const wish = await ask(gateway.url, { model: 'auto', messages, pointsman: { [name]: url } });
    expect(wish.status).toBe(400);
    await ask(gateway.url, { model: 'auto', messages }, { [`x-${name.replaceAll('_', '-')}`]: url });
    await ask(gateway.url, { model: 'auto', messages }, { [`x-pointsman-${name.replaceAll('_', '-')}`]: url });
  }
  for (const model of [url, `${url}/only`, `only@${url}`, `auto/${url}`]) {
    expect((await ask(gateway.url, { model, messages })).status).toBe(404);
  }
  const picture = { type: 'image_url', image_url: { url: `${url}/picture.png` } };
  await ask(gateway.url, { model: 'auto', messages: [{ role: 'user', content: [picture] }] });
  expect(attacker.requests).toEqual([]);
  expect(attacker.connections).toBe(0);
  expect(upstream.requests.length).toBeGreaterThan(names.length);
  for (const { headers } of upstream.requests) expect(headers['authorization']).toBe(`Bearer ${secret}`);
});

test('a request line with another host in it goes where every other goes', async () => {
  const { port } = new URL(gateway.url);
  const socket = connect(Number(port), '127.0.0.1');
  await once(socket, 'connect');
  const body = JSON.stringify({ model: 'auto', messages });
  const before = upstream.requests.length;
  socket.write(
    `POST ${attacker.baseUrl}/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  let received = '';
  for await (const piece of socket) received += String(piece);
  expect(received).toMatch(/^HTTP\/1\.1 (200|404) /);
  expect(attacker.connections).toBe(0);
  expect(upstream.requests.length - before).toBeLessThanOrEqual(1);
});

test('an upstream that sends us elsewhere is not followed, and the key stays where it belongs', async () => {
  upstream.next(
    status(307, '{}', { location: `${attacker.baseUrl}/chat/completions` }),
    status(302, '{}', { location: `${attacker.baseUrl}/chat/completions` }),
  );
  for (let i = 0; i < 2; i++) expect((await ask(gateway.url, { model: 'only', messages })).status).toBe(502);
  expect(attacker.connections).toBe(0);
});

test('what an upstream says of our key reaches neither answer, header, log nor metric', async () => {
  const quoting = `{"error":{"message":"Incorrect API key provided: ${secret}"}}`;
  for (const code of [400, 401, 403, 404, 429, 500]) {
    upstream.next(...Array.from({ length: 4 }, () => status(code, quoting, { 'x-debug': secret })));
    const answer = await ask(gateway.url, { model: 'only', messages });
    expect(answer.status).not.toBe(200);
    expect(JSON.stringify([answer.text, ...answer.headers])).not.toContain(secret);
    upstream.always((reply, request) => status(200, '{"choices":[{"message":{}}]}')(reply, request));
    for (let left = 0; left < 4; left++) await ask(gateway.url, { model: 'only', messages });
  }
  expect(gateway.log.join('\n')).not.toContain(secret);
  expect(await (await fetch(`${gateway.url}/metrics`)).text()).not.toContain(secret);
});

test('the words of a request that has to stay here are not sent to an embedder elsewhere', async () => {
  const heard: string[] = [];
  const elsewhere = await startFakeUpstream((reply, request) => {
    heard.push(request.raw.toString());
    return status(200, JSON.stringify({ data: [{ embedding: [0.6, 0.8] }] }))(reply, request);
  });
  const home = await startGateway(`
embedder: { type: remote, base_url: "${elsewhere.baseUrl}", model: e, dimensions: 2, local: false }
models:
  - { id: here, base_url: "${upstream.baseUrl}", region: eu, price: { input: 1, output: 1 } }
  - { id: there, base_url: "${attacker.baseUrl}", local: false, price: { input: 1, output: 1 } }
routes: { auto: { policy: epsilon-greedy, estimators: { quality: knn, cost: mean } } }
`);
  try {
    const before = attacker.requests.length;
    for (const wish of [{ local_only: true }, { region: 'eu' }]) {
      const secretly = [{ role: 'user', content: 'the merger is on friday' }];
      const { status: code, headers } = await ask(home.url, { model: 'auto', messages: secretly, pointsman: wish });
      expect(code).toBe(200);
      expect(headers.get('x-pointsman-model')).toBe('here');
      expect(headers.get('x-pointsman-degraded')).toContain('embedding:not_allowed');
    }
    expect(heard).toEqual([]);
    expect(attacker.requests.length).toBe(before);
    // Others are embedded there as ever.
    expect((await ask(home.url, { model: 'auto', messages })).headers.get('x-pointsman-degraded')).toBeNull();
    expect(heard).toHaveLength(1);
  } finally {
    await home.close();
    await elsewhere.close();
  }
});

test('the same words of two tenants, or of one tenant again, are asked upstream each time: no answer is shared', async () => {
  let count = 0;
  const fresh = await startFakeUpstream((reply, request) => {
    const answer = completion(`answer ${++count} to ${String(request.json()['model'])}`);
    return status(200, answer)(reply, request);
  });
  const shared = await startGateway(`
keys: [{ name: a, key: sk-of-tenant-a-alone, tenant: a }, { name: b, key: sk-of-tenant-b-alone, tenant: b }]
models: [{ id: only, base_url: "${fresh.baseUrl}", price: { input: 1, output: 1 } }]
routes: { auto: { policy: static, estimators: { quality: mean, cost: mean } } }
`);
  try {
    const question = { model: 'auto', temperature: 0, seed: 1, user: 'u', messages };
    const texts: string[] = [];
    for (const key of ['sk-of-tenant-a-alone', 'sk-of-tenant-b-alone', 'sk-of-tenant-a-alone']) {
      const { status: code, text } = await ask(shared.url, question, { authorization: `Bearer ${key}` });
      expect(code).toBe(200);
      texts.push(text);
    }
    expect(new Set(texts).size).toBe(3);
    expect(fresh.requests).toHaveLength(3);
  } finally {
    await shared.close();
    await fresh.close();
  }
});
