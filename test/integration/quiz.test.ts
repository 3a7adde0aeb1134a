import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { takeQuiz } from '../../src/cli/quiz.ts';
import { completion, startFakeUpstream, type FakeUpstream } from '../helpers/fake-upstream.ts';
import { ask, startGateway, type RunningGateway } from '../helpers/running-gateway.ts';

/** A model that can add and cannot reverse a word, a whole gateway in front of it, and the quiz as people call it. */
const folder = mkdtempSync(join(tmpdir(), 'pointsman-quiz-'));
const sums = Array.from({ length: 15 }, (_, i) => ({
  prompt: `Please add the numbers ${i} + ${2 * i}`,
  expect: `${3 * i}`,
}));
const words = Array.from({ length: 15 }, (_, i) => ({
  prompt: `Reverse this word for me: stone${'e'.repeat(i)}`,
  expect: ['x'.repeat(i + 1)],
}));
const file = join(folder, 'own.jsonl');
const config = join(folder, 'pointsman.yaml');
let upstream: FakeUpstream;
let gateway: RunningGateway;
let yaml = '';

beforeAll(async () => {
  upstream = await startFakeUpstream((reply, request) => {
    const text = JSON.stringify(request.json().messages);
    const [, a, b] = /numbers (\d+) \+ (\d+)/.exec(text) ?? [];
    const content = a === undefined ? 'I cannot.\nANSWER: stone' : `Easy.\nANSWER: ${Number(a) + Number(b)}`;
    const body = completion(content);
    reply.head(200, { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) });
    return reply.write(body);
  });
  yaml = `models:
  - { id: newcomer, base_url: "${upstream.baseUrl}", price: { input: 1, output: 1 } }
  - { id: other, base_url: "${upstream.baseUrl}", price: { input: 1, output: 1 } }
routes:
  auto: { policy: { type: static, model: other }, estimators: { quality: prior, cost: prior } }
`;
  writeFileSync(config, `${yaml}storage: { path: outcomes.db }\n`);
  writeFileSync(file, [...sums, ...words].map((each) => JSON.stringify(each)).join('\n'));
  gateway = await startGateway(yaml, { folder });
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
  rmSync(folder, { recursive: true, force: true });
});

const flags = () => ({
  config,
  route: 'auto',
  model: 'newcomer',
  questions: 20,
  seed: 's',
  maxTokens: 50,
  url: gateway.url,
});

/** As the gateway that runs believes of the newcomer. */
async function predicted(content: string): Promise<number> {
  const { headers } = await ask(gateway.url, {
    model: 'auto/cost-aware',
    messages: [{ role: 'user', content }],
    pointsman: { models: ['newcomer'] },
  });
  return Number(headers.get('x-pointsman-predicted-quality'));
}

test('twenty questions teach the gateway what a new model can do', async () => {
  const before = [await predicted('Please add the numbers 71 + 5'), await predicted('Reverse this word for me: tree')];
  const { asked, before: wide, after } = await takeQuiz({ ...flags(), from: file });
  expect(asked).toHaveLength(20);
  for (const { question, score } of asked) expect(score).toBe(question.prompt.startsWith('Please add') ? 1 : 0);
  expect(after.deviation).toBeLessThan(0.6 * wide.deviation);
  const now = [await predicted('Please add the numbers 71 + 5'), await predicted('Reverse this word for me: tree')];
  // What it can do is believed of it more than before, and what it cannot less.
  expect(now[0]).toBeGreaterThan((before[0] ?? NaN) + 0.1);
  expect(now[1]).toBeLessThan((before[1] ?? NaN) - 0.05);
});

test('made questions are asked where nobody brings some', async () => {
  const { asked } = await takeQuiz({ ...flags(), questions: 3 });
  expect(asked.map(({ score }) => score)).toEqual([0, 0, 0]);
});

test.each([
  [{ model: 'nobody' }, 'invalid_request', /route auto has newcomer, other/],
  [{ route: 'nowhere' }, 'invalid_request', /no such route; there is auto/],
  [{ url: 'http://127.0.0.1:9' }, 'no_healthy_target', /Is the gateway running\?/],
  [{ from: join(folder, 'none.jsonl') }, 'invalid_data', /cannot be read/],
])('%j is refused', async (wrong, code, message) => {
  await expect(takeQuiz({ ...flags(), ...wrong })).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
  });
});

test('a line that is no question is named', async () => {
  const bad = join(folder, 'bad.jsonl');
  writeFileSync(bad, '{"prompt": "a", "expect": "b"}\n{"prompt": "a"}\n');
  await expect(takeQuiz({ ...flags(), from: bad })).rejects.toThrow(`${bad}:2: expected {"prompt"`);
});
