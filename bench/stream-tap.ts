/**
 * What listening to a stream costs, per stream of 64 chunks: `node --import tsx bench/stream-tap.ts`.
 * `copy` hands every chunk on unseen; `parse` reads every event, which is what the tap exists to avoid.
 */
import { Bench } from 'tinybench';
import { spliceBody } from '../src/backends/splice.ts';
import { SseTap } from '../src/backends/sse-tap.ts';

const event = (delta: unknown, finishReason: string | null): string =>
  `data: ${JSON.stringify({
    id: 'chatcmpl-0123456789abcdef',
    object: 'chat.completion.chunk',
    created: 1_700_000_000,
    model: 'some-model-2026-01-01',
    system_fingerprint: 'fp_0123456789',
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
    usage: null,
  })}\n\n`;

const usage = 'data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":61,"total_tokens":70}}\n\n';
const chunks = [
  event({ role: 'assistant', content: '' }, null),
  ...Array.from({ length: 60 }, (_, i) => event({ content: ` token${i}` }, null)),
  event({}, 'stop'),
  usage,
  'data: [DONE]\n\n',
].map((text) => Buffer.from(text));
const burst = Buffer.concat(chunks);

let seen = 0;
const emit = (bytes: Buffer): void => {
  seen += bytes.length;
};
const tap = (pieces: readonly Buffer[]): void => {
  const listening = new SseTap(false, 1, emit);
  for (const piece of pieces) listening.push(piece);
  if (listening.result.usage === null) throw new Error('the tap heard no usage');
};

const request = (content: string): Parameters<typeof spliceBody>[0] => {
  const parsed = { model: 'auto', stream: true, messages: [{ role: 'user', content }], temperature: 0.2 };
  return { raw: Buffer.from(JSON.stringify(parsed)), parsed };
};
const small = request('How far is it to the moon?');
const large = request('x'.repeat(64 * 1024));
const code = request('if (a["b"] === "c") {\n  return "d";\n}\n'.repeat(1600));
const name = Buffer.from('"their-model"');

const bench = new Bench({ time: 1000 });
bench
  .add('stream: copy, 64 chunks', () => chunks.forEach(emit))
  .add('stream: tap, 64 chunks', () => tap(chunks))
  .add('stream: tap, one burst', () => tap([burst]))
  .add('stream: parse, 64 chunks', () => {
    for (const chunk of chunks) {
      const text = chunk.toString('utf8', 6, chunk.length - 2);
      if (text !== '[DONE]') seen += Object.keys(JSON.parse(text) as object).length;
    }
  })
  .add('splice: 120 B', () => spliceBody(small, name, true))
  .add('splice: 64 kB of text', () => spliceBody(large, name, true))
  .add('splice: 64 kB of code', () => spliceBody(code, name, true));
await bench.run();
console.table(
  bench.tasks.map(({ name: task, result }) => ({
    task,
    'mean µs': 'latency' in result ? Number((result.latency.mean * 1000).toFixed(2)) : Number.NaN,
    'p50 µs': 'latency' in result ? Number((result.latency.p50 * 1000).toFixed(2)) : Number.NaN,
  })),
);
console.log(
  `${chunks.length} chunks, ${burst.length} bytes, node ${process.version} (${seen > 0 ? 'heard' : 'silent'})`,
);
