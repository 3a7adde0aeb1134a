import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { duelsOf, judgeSummary } from '../../src/cli/shadow.ts';
import { readJudgeLog } from '../../src/outcomes/judged.ts';
import { completion, startFakeUpstream, status, type FakeUpstream } from '../helpers/fake-upstream.ts';
import { ask, giveFeedback, startGateway, type RunningGateway } from '../helpers/running-gateway.ts';

/** The gateway before three real servers: one that serves, a candidate, and a judge that likes what says BETTER. */
let served: FakeUpstream;
let candidate: FakeUpstream;
let judge: FakeUpstream;
let gateway: RunningGateway | null = null;

beforeAll(async () => {
  served = await startFakeUpstream();
  candidate = await startFakeUpstream(status(200, completion('BETTER answer')));
  judge = await startFakeUpstream(async (reply, request) => {
    const text = JSON.stringify(request.json()['messages']);
    const better = text.indexOf('BETTER') > text.indexOf('answer B') ? 'B' : 'A';
    await status(200, completion(text.includes('You grade') ? '{"score": 8}' : `{"better": "${better}"}`))(
      reply,
      request,
    );
  });
});
afterAll(async () => {
  await Promise.all([served.close(), candidate.close(), judge.close()]);
});
afterEach(async () => {
  await gateway?.close();
  gateway = null;
});

const start = (route: string, usd = 1, judgeMore = '', folder?: string) =>
  startGateway(
    `models:
  - { id: main, base_url: "${served.baseUrl}", price: { input: 1, output: 2 } }
  - { id: rival, base_url: "${candidate.baseUrl}", price: { input: 1, output: 2 } }
  - { id: referee, base_url: "${judge.baseUrl}", price: { input: 1, output: 2 }${judgeMore} }
routes:
  auto: { models: [main], policy: static, ${route} }
judge: { model: referee, usd_per_day: ${usd} }
`,
    folder === undefined ? {} : { folder },
  );

const log = () => readJudgeLog(join(gateway?.folder ?? '', 'outcomes.db'));
const body = (content: string, more: object = {}) => ({
  model: 'auto',
  messages: [{ role: 'user', content }],
  max_tokens: 10,
  ...more,
});

test('paid shadow: both answers compared, won by the better one; the client sees nothing of it', async () => {
  gateway = await start('shadow: { candidate: rival, share: 1, usd_per_day: 1 }');
  const { text, headers } = await ask(gateway.url, body('Which?'));
  expect(text).toContain('Hello world');
  expect(headers.get('x-pointsman-model')).toBe('main');
  await vi.waitFor(
    () =>
      expect(duelsOf(log().comparisons)).toMatchObject([{ candidate: 'rival', against: 'main', wins: 1, asked: 1 }]),
    5_000,
  );
  const [duel] = duelsOf(log().comparisons);
  // 9 tokens in at $1, 2 out at $2, a million each.
  expect(duel?.candidateUsd).toBeCloseTo(13e-6, 12);
  expect(duel?.servedUsd).toBeCloseTo(13e-6, 12);
  expect(log()).toMatchObject({ judgements: 2, judgeUsd: expect.closeTo(26e-6, 12) });
});

test('a dollar cap ends it, and a restart does not open it again', async () => {
  // Each shadow call sets aside at most 10 x $2 + prompt: there is room for two.
  const route = 'shadow: { candidate: rival, share: 1, usd_per_day: 0.00006 }';
  const folder = await mkdtemp(join(tmpdir(), 'pointsman-shadow-'));
  gateway = await start(route, 1, '', folder);
  const before = candidate.requests.length;
  for (let i = 0; i < 6; i++) {
    await ask(gateway.url, body(`Question ${i}`));
    await vi.waitFor(() => expect(log().comparisons.every(({ value }) => value !== null)).toBe(true), 5_000);
  }
  const asked = candidate.requests.length - before;
  expect(asked).toBeGreaterThanOrEqual(1);
  expect(asked).toBeLessThanOrEqual(4);
  const spent = duelsOf(log().comparisons)[0]?.candidateUsd ?? 1;
  expect(spent).toBeLessThanOrEqual(0.00006);
  expect(gateway.log.join('\n')).toContain('#shadow/auto');
  await gateway.close();

  gateway = await start(route, 1, '', folder);
  await ask(gateway.url, body('After the restart'));
  await vi.waitFor(() => expect(gateway?.log.join('\n')).toContain('#shadow/auto'), 5_000);
  expect(candidate.requests.length - before).toBe(asked);
  await gateway.close();
  gateway = null;
  await rm(folder, { recursive: true });
});

test('grades: a reward of its own, agreement with people in /metrics and in the report', async () => {
  gateway = await start('rewards: { retried: false, refusal: false, judge: { share: 1 } }');
  const { headers } = await ask(gateway.url, body('How good?'));
  await vi.waitFor(() => expect(log().judgements).toBe(1), 5_000);
  await giveFeedback(gateway.url, headers.get('x-pointsman-decision') ?? '', 1);
  await vi.waitFor(
    () =>
      expect(judgeSummary(log())).toMatchObject({ pairs: 1, agreement: 1, meanDifference: expect.closeTo(0.2, 12) }),
    5_000,
  );
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  expect(metrics).toContain('pointsman_judge_pairs_total 1');
  expect(metrics).toContain('pointsman_rewards_total{source="judge",status="accepted"} 1');
});

test('a request for local targets only is never shown to a judge or candidate elsewhere', async () => {
  gateway = await start(
    'shadow: { candidate: referee, share: 1, usd_per_day: 1 }, rewards: { retried: false, refusal: false, judge: { share: 1 } }',
    1,
    ', local: false',
  );
  const before = judge.requests.length;
  await ask(gateway.url, body('secret', { pointsman: { local_only: true } }));
  await ask(gateway.url, body('open'));
  // The open one: graded, answered by the candidate, and compared twice.
  await vi.waitFor(() => expect(judge.requests.length - before).toBe(4), 5_000);
  const seen = judge.requests.slice(before).map((request) => request.raw.toString());
  expect(seen.join()).not.toContain('secret');
});
