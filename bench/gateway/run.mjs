// Interleaved benchmark driver. See README.md beside it. Usage:
//   PORTKEY_JS=... node run.mjs [--rounds 5] [--secs 4] [--only a,b] [--scen s1,s2] [--out file.json]
import { spawn, spawnSync, execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import http from 'node:http';
const arg = (k, d) => {
  const i = process.argv.indexOf('--' + k);
  return i > 0 ? process.argv[i + 1] : d;
};
const ROUNDS = +arg('rounds', 5),
  SECS = +arg('secs', 4),
  OUT = arg('out', 'results.json');
process.env.BENCH_TMP ??= mkdtempSync(tmpdir() + '/gwb-');
const TMP = process.env.BENCH_TMP;
const { targets, UP } = await import('./targets.mjs');
const here = new URL('.', import.meta.url).pathname;
const PIN = spawnSync('taskset', ['-V']).status === 0;
const pin = (cpu, cmd) => (PIN ? ['taskset', '-c', String(cpu), ...cmd] : cmd);
const prompt = 'Summarise the following paragraph for a busy reader. '.repeat(20); // about 1 kB
const big = 'Lorem ipsum dolor sit amet, consectetur adipiscing elit. '.repeat(1150); // about 64 kB
const huge = big.repeat(8); // about 512 kB, an agent's turn
const mk = (name, o, text = prompt) => {
  const f = `${TMP}/${name}.json`;
  return (model) => {
    writeFileSync(
      f,
      JSON.stringify({
        model: model ?? 'mock-model',
        messages: [
          { role: 'system', content: 'You are helpful.' },
          { role: 'user', content: text + ' Item __N__.' },
        ],
        temperature: 0.2,
        ...o,
      }),
    );
    return f;
  };
};
const SCEN = {
  'json-c1': { kind: 'wrk', c: 1, body: mk('json', {}) },
  'json-c32': { kind: 'wrk', c: 32, body: mk('json', {}) },
  'json64k-c8': { kind: 'wrk', c: 8, body: mk('json64', {}, big) },
  'json512k-c4': { kind: 'wrk', c: 4, body: mk('json512', {}, huge) },
  'delay50-c64': { kind: 'wrk', c: 64, body: mk('delay', {}, '[[mock delay_ms=50]] ' + prompt) },
  'sse-burst-c8': { kind: 'sse', c: 8, body: mk('sseb', { stream: true }, '[[mock chunks=64]] ' + prompt) },
  'sse-paced-c32': {
    kind: 'sse',
    c: 32,
    body: mk('ssep', { stream: true }, '[[mock chunks=40 itl_ms=20 delay_ms=30]] ' + prompt),
  },
};
const want = arg('scen', Object.keys(SCEN).join(',')).split(',');
const only = arg('only', '');
const T = targets().filter((t) => !only || only.split(',').includes(t.name));
const kids = [];
const start = (cpu, cmd, env) => {
  const c = pin(cpu, cmd);
  const p = spawn(c[0], c.slice(1), {
    env: { ...process.env, ...env },
    stdio: process.env.BENCH_VERBOSE ? 'inherit' : 'ignore',
  });
  kids.push(p);
  return p;
};
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
const post = (port, path, body, headers) =>
  new Promise((res, rej) => {
    const r = http.request(
      {
        host: '127.0.0.1',
        port,
        path,
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: 'Bearer sk-bench', ...headers },
      },
      (m) => {
        let s = '';
        m.on('data', (c) => (s += c));
        m.on('end', () => res({ status: m.statusCode, body: s, headers: m.headers }));
      },
    );
    r.on('error', rej);
    r.end(body);
  });
const hdrObj = (s) =>
  Object.fromEntries(
    (s ?? '')
      .split(';')
      .filter(Boolean)
      .map((kv) => {
        const i = kv.indexOf('=');
        return [kv.slice(0, i), kv.slice(i + 1)];
      }),
  );
// whole process tree: CPU seconds (user+system) and resident memory
const tree = (pid) => {
  const ps = {};
  for (const d of readdirSync('/proc'))
    if (/^\d+$/.test(d))
      try {
        const s = readFileSync(`/proc/${d}/stat`, 'utf8');
        const f = s.slice(s.lastIndexOf(')') + 2).split(' ');
        ps[d] = { pp: f[1], cpu: (+f[11] + +f[12]) / 100, rss: +f[21] * 4096 };
      } catch {}
  const out = { cpu: 0, rss: 0 };
  const walk = (p) => {
    if (ps[p]) {
      out.cpu += ps[p].cpu;
      out.rss += ps[p].rss;
    }
    for (const k in ps) if (ps[k].pp === String(p)) walk(k);
  };
  walk(String(pid));
  return out;
};
const stopAll = () => {
  for (const k of kids)
    try {
      k.kill('SIGTERM');
    } catch {}
};
process.on('exit', stopAll);
process.on('SIGINT', () => process.exit(1));

start(1, [process.execPath, here + 'mock-upstream.mjs'], { MOCK_PORT: String(UP) });
await sleep(500);
for (const t of T) if (t.cmd) t.proc = start(0, t.cmd, { PORT: String(t.port), UP_PORT: String(UP), ...t.env });
for (const t of T) {
  // wait for readiness and check one answer and one stream
  const path = t.path ?? '/v1/chat/completions';
  let r;
  for (let i = 0; i < 60; i++) {
    try {
      r = await post(
        t.port,
        path,
        JSON.stringify({ model: t.model ?? 'mock-model', messages: [{ role: 'user', content: 'hi' }] }),
        hdrObj(t.headers),
      );
      if (r.status === 200) break;
    } catch {}
    await sleep(500);
  }
  if (r?.status !== 200) {
    console.error(t.name, 'not ready:', r?.status, r?.body?.slice(0, 300));
    process.exit(1);
  }
  const s = await post(
    t.port,
    path,
    JSON.stringify({
      model: t.model ?? 'mock-model',
      stream: true,
      messages: [{ role: 'user', content: '[[mock chunks=3]] hi' }],
    }),
    hdrObj(t.headers),
  );
  console.error(
    t.name,
    'ready; stream ok:',
    s.status === 200 && s.body.includes('[DONE]'),
    'idle rss MB',
    t.proc ? (tree(t.proc.pid).rss / 1e6).toFixed(0) : '-',
  );
  if (t.proc) t.idle = tree(t.proc.pid).rss / 1e6;
}
const rows = [];
for (let round = 0; round <= ROUNDS; round++) {
  // round 0 warms up and is thrown away
  for (const sn of want) {
    const sc = SCEN[sn];
    const order = [...T];
    if (round % 2) order.reverse();
    for (const t of order) {
      const url = `http://127.0.0.1:${t.port}${t.path ?? '/v1/chat/completions'}`;
      const file = sc.body(t.model);
      const secs = round === 0 ? 2 : SECS;
      const a = t.proc ? tree(t.proc.pid) : { cpu: 0, rss: 0 };
      const cmd =
        sc.kind === 'wrk'
          ? ['wrk', '-t1', `-c${sc.c}`, `-d${secs}s`, '--latency', '--timeout', '10s', '-s', here + 'post.lua', url]
          : [process.execPath, here + 'sse-load.mjs', url, String(sc.c), String(secs), file, t.headers ?? ''];
      const p = pin(1, cmd);
      const r = spawn(p[0], p.slice(1), { env: { ...process.env, BENCH_BODY: file, BENCH_HEADERS: t.headers ?? '' } });
      let o = '';
      r.stdout.on('data', (c) => (o += c));
      r.stderr.on('data', (c) => (o += c));
      await new Promise((f) => r.on('close', f));
      const m = o.match(/JSON(\{.*\})/);
      if (!m) {
        console.error(t.name, sn, 'no result', o.slice(0, 300));
        continue;
      }
      const j = JSON.parse(m[1]);
      const b = t.proc ? tree(t.proc.pid) : { cpu: 0, rss: 0 };
      const n = j.requests ?? j.streams;
      const rec = {
        round,
        sn,
        t: t.name,
        n,
        rps: j.rps ?? j.requests / (j.us / 1e6),
        p50: j.p50 != null ? j.p50 / 1000 : j.total50,
        p99: j.p99 != null ? j.p99 / 1000 : j.total99,
        ttft50: j.ttft50,
        ttft99: j.ttft99,
        gap99: j.gap99,
        err: (j.non2xx ?? 0) + (j.sock ?? 0) + (j.bad ?? 0) + (j.noDone ?? 0),
        cpu_us: t.proc ? ((b.cpu - a.cpu) * 1e6) / n : null,
        rss: b.rss / 1e6,
      };
      if (round > 0) rows.push(rec);
      await sleep(150);
    }
  }
  console.error('round', round, 'done');
  writeFileSync(OUT, JSON.stringify({ rows, idle: Object.fromEntries(T.map((t) => [t.name, t.idle])) }));
}
const med = (a) => {
  a = a.filter((x) => x != null).sort((x, y) => x - y);
  return a.length ? (a.length % 2 ? a[(a.length - 1) / 2] : (a[a.length / 2 - 1] + a[a.length / 2]) / 2) : null;
};
const f = (x, d = 2) => (x == null ? '-' : x.toFixed(d));
for (const sn of want) {
  console.log(
    `\n### ${sn} (medians of ${ROUNDS} interleaved rounds of ${SECS} s)\n| target | req/s | x direct | p50 ms | p99 ms | added p50 | added p99 | TTFT p50 | TTFT p99 | CPU us/req | RSS MB | errors |\n|---|---|---|---|---|---|---|---|---|---|---|---|`,
  );
  const g = (t, k) => med(rows.filter((r) => r.sn === sn && r.t === t).map((r) => r[k]));
  const added = (t, k) => {
    const ds = [];
    for (let i = 1; i <= ROUNDS; i++) {
      const x = rows.find((r) => r.sn === sn && r.t === t && r.round === i),
        d = rows.find((r) => r.sn === sn && r.t === 'direct' && r.round === i);
      if (x && d) ds.push(x[k] - d[k]);
    }
    return med(ds);
  };
  for (const t of T)
    console.log(
      `| ${t.name} | ${f(g(t.name, 'rps'), 0)} | ${f(g(t.name, 'rps') / g('direct', 'rps'))} | ${f(g(t.name, 'p50'))} | ${f(g(t.name, 'p99'))} | ${t.name === 'direct' ? '-' : f(added(t.name, 'p50'))} | ${t.name === 'direct' ? '-' : f(added(t.name, 'p99'))} | ${f(g(t.name, 'ttft50'))} | ${f(g(t.name, 'ttft99'))} | ${f(g(t.name, 'cpu_us'), 0)} | ${f(g(t.name, 'rss'), 0)} | ${rows.filter((r) => r.sn === sn && r.t === t.name).reduce((s, r) => s + r.err, 0)} |`,
    );
}
stopAll();
process.exit(0);
