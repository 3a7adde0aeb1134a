import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  chunkEvent,
  completion,
  hello,
  startFakeUpstream,
  type Answer,
  type FakeUpstream,
} from '../helpers/fake-upstream.ts';
import * as faults from '../helpers/faults.ts';
import { ask, startGateway, type RunningGateway } from '../helpers/running-gateway.ts';

let bad: FakeUpstream;
let good: FakeUpstream;
let gateway: RunningGateway;

beforeAll(async () => {
  bad = await startFakeUpstream();
  good = await startFakeUpstream();
  gateway = await startGateway(`
models:
  - { id: bad, base_url: "${bad.baseUrl}", price: { input: 1, output: 1 }, timeouts: { first_token_ms: 400, idle_ms: 400, total_ms: 1500 } }
  - { id: good, base_url: "${good.baseUrl}", price: { input: 1, output: 1 } }
routes:
  auto: { policy: { type: static, model: bad }, models: [bad, good], estimators: { quality: mean, cost: mean } }
`);
});
beforeEach(() => good.always(hello));
afterAll(async () => {
  await gateway.close();
  await bad.close();
  await good.close();
});

const messages = [{ role: 'user', content: 'hi' }];

/** Asks the route, whose first choice is the bad one. Its breaker begins anew each time. */
async function askRoute(answer: Answer, stream: boolean): ReturnType<typeof ask> {
  bad.always(hello);
  await ask(gateway.url, { model: 'bad', messages });
  bad.always(answer);
  return ask(gateway.url, { model: 'auto', stream, messages });
}

const garbled = chunkEvent({ content: 'x' }).replace('"choices"', '"choices');

describe('before the first token another model answers', () => {
  test.each<[string, Answer, readonly boolean[]]>([
    ['cut inside the body', faults.cutAt(20), [true, false]],
    ['an early end inside the body', faults.cutAt(20, 'finish'), [true, false]],
    ['cut before the body', faults.cutAt(0), [true, false]],
    ['429', faults.rateLimited(null), [true, false]],
    ['nothing in time', faults.delayed(60_000), [true, false]],
    ['headers byte by byte, for ever', faults.slowLoris(20, true), [true, false]],
    ['a whole body byte by byte, for ever', faults.slowLoris(20), [true, false]],
    ['a role and then silence', faults.stallsAfter(1), [true]],
    ['a login page', faults.wrongType, [true, false]],
    ['events that are no JSON', faults.garbage(garbled), [true]],
    ['a stream without any event', faults.garbage(''), [true]],
    ['bytes that are no text', faults.garbage(Buffer.alloc(5_000, 0xff)), [true]],
    ['a line that never ends', faults.endless('x'.repeat(65_536)), [true]],
    ['gzip', faults.gzipped, [true, false]],
    ['headers without end', faults.hugeHeaders(400_000), [true, false]],
  ])('%s', async (_name, answer, ways) => {
    for (const stream of ways) {
      const { status, headers, text } = await askRoute(answer, stream);
      expect([status, headers.get('x-pointsman-model')]).toEqual([200, 'good']);
      expect(text).toContain('world');
      if (stream) expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
    }
    bad.always(hello);
    // Nobody is left talking to a client that is gone.
    await expect.poll(() => bad.running, { timeout: 5_000 }).toBe(0);
  });
});

describe('what is odd and harmless goes through', () => {
  test('half a character per chunk arrives whole', async () => {
    for (const stream of [true, false]) {
      const { headers, text } = await askRoute(faults.halfCharacters, stream);
      expect(headers.get('x-pointsman-model')).toBe('bad');
      expect(text).toContain(faults.halfCharacterText);
    }
  });

  test('what follows [DONE] is not passed on', async () => {
    for (const more of [chunkEvent({ content: 'late' }), 'garbage', Buffer.alloc(100_000, 0x0a)]) {
      const { headers, text } = await askRoute(faults.trailing(more), true);
      expect(headers.get('x-pointsman-model')).toBe('bad');
      expect(text.split('[DONE]')[1]?.trim()).toBe('');
      expect(text).not.toContain('late');
    }
  });

  test('headers that are large and bearable', async () => {
    const { headers } = await askRoute(faults.hugeHeaders(8_000), false);
    expect(headers.get('x-pointsman-model')).toBe('bad');
    expect(headers.has('x-padding-0')).toBe(false);
  });
});

test('a cut anywhere in a whole answer is a fallback, never a short answer', async () => {
  const length = Buffer.byteLength(completion('Hello world'));
  for (let at = 0; at < length; at += 13) {
    const { headers, text } = await askRoute(faults.cutAt(at, 'finish'), false);
    expect(headers.get('x-pointsman-model')).toBe('good');
    expect(JSON.parse(text)).toHaveProperty('choices');
  }
});

test('connections that die behind their answer cost no request', async () => {
  let turn = 0;
  good.always((reply, request) => faults.closesAfter(turn++ % 4)(reply, request));
  const answers: Awaited<ReturnType<typeof ask>>[] = [];
  for (let round = 0; round < 30; round++) {
    answers.push(
      ...(await Promise.all(Array.from({ length: 8 }, () => ask(gateway.url, { model: 'good', messages })))),
    );
  }
  expect(answers.filter(({ status }) => status !== 200).map(({ text }) => text)).toEqual([]);
});

test('an answer without end is bounded: a whole one is refused, a stream waits for its reader', async () => {
  bad.always(faults.endless('{"x":"'.padEnd(262_144, 'y')));
  const whole = await ask(gateway.url, { model: 'bad', messages });
  expect([whole.status, whole.text]).toEqual([502, expect.stringContaining('more than 33554432 bytes')]);

  let written = 0;
  const piece = chunkEvent({ content: 'x'.repeat(65_536) });
  bad.always(async (reply) => {
    reply.head(200, { 'content-type': 'text/event-stream' });
    while (!reply.gone) {
      await reply.write(piece);
      written += piece.length;
    }
  });
  const leave = new AbortController();
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'bad', stream: true, messages }),
    signal: leave.signal,
  });
  // Nobody reads. What fits into sockets and buffers is taken, and then no more.
  let before = -1;
  while (written !== before) {
    before = written;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  expect(written).toBeLessThan(64_000_000);
  leave.abort();
  await response.text().catch(() => undefined);
  await expect.poll(() => bad.running, { timeout: 5_000 }).toBe(0);
});
