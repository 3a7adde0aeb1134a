import { writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { openDatabase } from '../../src/outcomes/database.ts';
import { chunkEvent, completion, startFakeUpstream, status, type FakeUpstream } from '../helpers/fake-upstream.ts';
import { ask, giveFeedback, startGateway, type RunningGateway } from '../helpers/running-gateway.ts';

/** The whole gateway before a real server on loopback: what it reads between the lines ends up in the log of rewards. */
let fake: FakeUpstream;
let gateway: RunningGateway | null = null;
beforeAll(async () => {
  fake = await startFakeUpstream();
});
afterAll(() => fake.close());
afterEach(async () => {
  await gateway?.close();
  gateway = null;
});

const start = (rewards: string, more = '') =>
  startGateway(`models:
  - { id: only, base_url: "${fake.baseUrl}", price: { input: 1, output: 2 } }
routes:
  auto: { policy: static, rewards: ${rewards} }
${more}`);

interface RewardRow {
  readonly key: string;
  readonly score: number;
  readonly weight: number;
  readonly decision_id: string;
}

function rewards(source = 'implicit'): RewardRow[] {
  const database = openDatabase({
    path: join(gateway?.folder ?? '', 'outcomes.db'),
    busyTimeoutMs: 1000,
    maxPages: null,
  });
  const rows = database
    .prepare<[string], RewardRow>(
      'SELECT key, score, weight, decision_id FROM rewards_readable WHERE source = ? ORDER BY seq',
    )
    .all(source);
  database.close();
  return rows;
}

const user = (content: string) => [{ role: 'user', content }];
const short = (rows: readonly RewardRow[]) => rows.map(({ key, score }) => [key, score]);
const settled = (expected: unknown) => vi.waitFor(() => expect(short(rewards())).toEqual(expected), 5_000);

test('a refusal, broken JSON, whole JSON; each decision once', async () => {
  gateway = await start('{ retried: false }');
  fake.next(
    status(200, completion("I'm sorry, but I can't help with that.")),
    status(200, completion('{"a":')),
    status(200, completion('{"a":1}')),
  );
  await ask(gateway.url, { model: 'auto', messages: user('one') });
  const format = { response_format: { type: 'json_object' } };
  await ask(gateway.url, { model: 'auto', messages: user('two'), ...format });
  await ask(gateway.url, { model: 'auto', messages: user('three'), ...format });
  await settled([
    ['refusal', 0],
    ['refusal', 1],
    ['json', 0],
    ['refusal', 1],
    ['json', 1],
  ]);
  expect(rewards()[0]?.weight).toBe(0.2);
});

test('the same conversation again is a failure of the answer before; streamed answers count alike', async () => {
  gateway = await start('{ refusal: false, retried: { weight: 0.3, within_s: 60 } }');
  const first = await ask(gateway.url, { model: 'auto', messages: user('again'), stream: true });
  await ask(gateway.url, { model: 'auto', messages: user('something else') });
  await ask(gateway.url, { model: 'auto', messages: user('again') });
  await settled([['retried', 0]]);
  expect(rewards()).toMatchObject([{ decision_id: first.headers.get('x-pointsman-decision'), weight: 0.3 }]);
});

test('nobody came back in time: the answer was good enough', async () => {
  gateway = await start('{ refusal: false, retried: { within_s: 0.05 } }');
  await ask(gateway.url, { model: 'auto', messages: user('once') });
  await settled([['retried', 1]]);
});

test('a tool that says error; a result told twice counts once', async () => {
  gateway = await start('{ refusal: false, retried: false }');
  const call = { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Rom"}' } };
  const message = { role: 'assistant', content: null, tool_calls: [call] };
  const body = JSON.stringify({
    id: 'x',
    object: 'chat.completion',
    choices: [{ index: 0, message, finish_reason: 'tool_calls' }],
  });
  fake.next(status(200, body));
  const asked = await ask(gateway.url, { model: 'auto', messages: user('weather?') });
  const turn = [
    ...user('weather?'),
    message,
    { role: 'tool', tool_call_id: 'call_1', content: '{"error":"no such city"}' },
  ];
  await ask(gateway.url, { model: 'auto', messages: turn });
  await ask(gateway.url, { model: 'auto', messages: turn });
  await settled([['tool_calls', 0]]);
  expect(rewards()[0]?.decision_id).toBe(asked.headers.get('x-pointsman-decision'));
});

test('an answer that was cut short, by its limit or by the network, is no verdict', async () => {
  gateway = await start('{}');
  fake.next(
    status(
      200,
      completion("I'm sorry, but I can't", {
        choices: [{ index: 0, message: { content: "I'm sorry, but I can't" }, finish_reason: 'length' }],
      }),
    ),
  );
  await ask(gateway.url, { model: 'auto', messages: user('short') });
  fake.next(async (reply) => {
    reply.head(200, { 'content-type': 'text/event-stream' });
    await reply.write(chunkEvent({ content: "I'm sorry, but I can't help with that." }));
    reply.cut();
  });
  await ask(gateway.url, { model: 'auto', messages: user('cut'), stream: true }).catch(() => null);
  await ask(gateway.url, { model: 'auto', messages: user('whole'), stream: true });
  await settled([['refusal', 1]]);
});

test('verifiers, one of them from a folder of the operator; a broken one is told and harmless', async () => {
  gateway = await start(
    '{ refusal: false, retried: false, verifiers: [{ type: contains, all: [hello], weight: 0.4 }] }',
  );
  await ask(gateway.url, { model: 'auto', messages: user('x') });
  await vi.waitFor(
    () => expect(rewards('verifier')).toMatchObject([{ key: 'contains', score: 1, weight: 0.4 }]),
    5_000,
  );
  await gateway.close();

  gateway = await startGateway(
    'models: [{ id: a, backend: simulated, price: { input: 1, output: 1 }, options: { skills: {} } }]',
  );
  const folder = join(gateway.folder, 'verifiers');
  await mkdir(folder);
  const definition = (body: string) =>
    `export default { summary: 'x.', options: { type: 'object', properties: {} }, create: () => async (query, answer) => { ${body} } };`;
  await writeFile(join(folder, 'half.js'), definition('return { score: 0.5, confidence: 0.5 };'));
  await writeFile(join(folder, 'broken.js'), definition('throw new TypeError(answer);'));
  const kept = gateway;
  gateway = await startGateway(
    `models: [{ id: only, base_url: "${fake.baseUrl}", price: { input: 1, output: 2 } }]
routes: { auto: { policy: static, rewards: { refusal: false, retried: false, verifiers: [{ type: half }, { type: broken }] } } }
verifier_dirs: ["${folder}"]`,
  );
  await ask(gateway.url, { model: 'auto', messages: user('x') });
  await vi.waitFor(() => expect(rewards('verifier')).toMatchObject([{ key: 'half', score: 0.5, weight: 0.5 }]), 5_000);
  const log = gateway.log.join('\n');
  expect(log).toContain('broken could not tell: TypeError');
  expect(log).not.toContain('Hello world');
  await kept.close();
  await expect(start('{ verifiers: [{ type: halff }] }')).rejects.toThrow(/there is no verifier "halff"/);
});

test('clients may not speak as the gateway does', async () => {
  gateway = await start('{}');
  const { headers } = await ask(gateway.url, { model: 'auto', messages: user('x') });
  const response = await fetch(`${gateway.url}/v1/feedback`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ decision: headers.get('x-pointsman-decision'), score: 1, source: 'implicit' }),
  });
  expect(response.status).toBe(400);
  expect((await giveFeedback(gateway.url, headers.get('x-pointsman-decision') ?? '', 1)).status).toBe(200);
});
