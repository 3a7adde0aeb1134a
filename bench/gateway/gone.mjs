// How long after a client has gone the upstream sees it, through each target of targets.mjs. The client and the upstream are this
// one process, so both ends are read off one clock. Usage:
//   BENCH_TMP=... node bench/gateway/gone.mjs [--count 1000] [--only a,b] [--out gone.json]
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import { targets, UP } from './targets.mjs';

const arg = (name, value) => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? process.argv[at + 1] : value;
};
const count = Number(arg('count', 1000));
const only = arg('only', '');
const lanes = 16;
/** What is not seen within this time counts as never. */
const patienceMs = 5000;

/** By the number in its text: when the upstream had the whole request, when it saw the other side go. */
const arrived = new Map();
const seen = new Map();
const chunk = (delta) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'mock-model', choices: [{ index: 0, delta, logprobs: null, finish_reason: null }] })}\n\n`;

const upstream = http.createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    const text = Buffer.concat(parts).toString();
    const number = /gone-(\d+)-/.exec(text)?.[1];
    if (number === undefined) {
      response.setHeader('content-type', 'application/json');
      return response.end(
        JSON.stringify({
          id: 'c',
          object: 'chat.completion',
          created: 1,
          model: 'mock-model',
          choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, logprobs: null, finish_reason: 'stop' }],
          usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
        }),
      );
    }
    response.on('close', () => seen.get(number)?.(performance.now()));
    arrived.get(number)?.();
    // A whole answer never comes; a stream says one word and thinks on.
    if (!JSON.parse(text).stream) return;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(chunk({ role: 'assistant', content: '' }) + chunk({ content: 'Well' }));
  });
});
await new Promise((resolve) => upstream.listen({ port: UP, host: '127.0.0.1', backlog: 4096 }, resolve));

const post = (target, number, stream, onData) => {
  const headers = { 'content-type': 'application/json', authorization: 'Bearer sk-bench' };
  for (const pair of (target.headers ?? '').split(';').filter(Boolean)) {
    headers[pair.slice(0, pair.indexOf('='))] = pair.slice(pair.indexOf('=') + 1);
  }
  const place = { host: '127.0.0.1', port: target.port, path: target.path ?? '/v1/chat/completions', method: 'POST' };
  const request = http.request({ ...place, headers, agent: false }, (response) => {
    response.on('error', () => {});
    response.on('data', onData);
  });
  request.on('error', () => {});
  const content = `${number === null ? 'hi' : `gone-${number}-`} ${'words '.repeat(150)}`;
  request.end(JSON.stringify({ model: target.model ?? 'mock-model', messages: [{ role: 'user', content }], stream }));
  return request;
};

let next = 1;
/** Milliseconds between the client's leaving and the upstream's seeing it; null: it did not. */
async function leave(target, stream) {
  const number = String(next++);
  const told = new Promise((resolve) => seen.set(number, resolve));
  const there = new Promise((resolve) => arrived.set(number, resolve));
  let heard;
  const word = new Promise((resolve) => (heard = resolve));
  const request = post(target, number, stream, () => heard());
  await (stream ? word : there);
  const left = performance.now();
  request.destroy();
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(() => resolve(null), patienceMs)));
  const at = await Promise.race([told, late]);
  clearTimeout(timer);
  seen.delete(number);
  arrived.delete(number);
  return at === null ? null : at - left;
}

const ready = (target) =>
  new Promise((resolve) => {
    const request = post(target, null, false, () => resolve(true));
    request.on('error', () => resolve(false));
  });

const rows = [];
for (const target of targets().filter(({ name }) => only === '' || only.split(',').includes(name))) {
  const [command, ...rest] = target.cmd ?? [];
  const env = { ...process.env, PORT: String(target.port), UP_PORT: String(UP), ...target.env };
  const child = command === undefined ? null : spawn(command, rest, { env, stdio: 'ignore' });
  for (let i = 0; i < 100 && !(await ready(target)); i++) await new Promise((resolve) => setTimeout(resolve, 200));
  for (const stream of [true, false]) {
    for (let i = 0; i < 32; i++) await leave(target, stream);
    const delays = [];
    let left = count;
    await Promise.all(
      Array.from({ length: lanes }, async () => {
        while (left-- > 0) delays.push(await leave(target, stream));
      }),
    );
    const sorted = delays.filter((delay) => delay !== null).sort((a, b) => a - b);
    const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
    const row = { t: target.name, stream, count, seen: sorted.length, p50: at(0.5), p99: at(0.99) };
    rows.push(row);
    console.log(JSON.stringify(row));
  }
  if (child !== null) {
    const ended = new Promise((resolve) => child.on('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }
}
const out = arg('out', '');
if (out !== '') writeFileSync(out, JSON.stringify({ gone: rows }));
process.exit(0);
