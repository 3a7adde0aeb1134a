// Closed-loop SSE load: C connections, each reads whole streams for D seconds.
// Prints one JSON line: streams/s, TTFT and total percentiles (ms), inter-chunk gap p99, protocol checks.
import http from 'node:http';
const [url, C, D, bodyFile, hdrs] = [
  process.argv[2],
  +process.argv[3],
  +process.argv[4],
  process.argv[5],
  process.argv[6] ?? '',
];
import { readFileSync } from 'node:fs';
const template = readFileSync(bodyFile, 'latin1');
let n = Date.now(); // __N__ becomes a fresh number, so no cache flatters a result
const fresh = () => Buffer.from(template.replace('__N__', String(n++).padStart(14, '0')), 'latin1');
const headers = {
  'content-type': 'application/json',
  authorization: 'Bearer sk-bench',
  'content-length': fresh().length,
};
for (const kv of hdrs.split(';'))
  if (kv) {
    const i = kv.indexOf('=');
    headers[kv.slice(0, i)] = kv.slice(i + 1);
  }
const agent = new http.Agent({ keepAlive: true, maxSockets: C });
const ttft = [],
  total = [],
  gaps = [];
let ok = 0,
  bad = 0,
  noDone = 0;
const end = performance.now() + D * 1000;
function one() {
  return new Promise((resolve) => {
    const t0 = performance.now();
    let first = 0,
      last = 0,
      tail = '',
      failed = false;
    const req = http.request(url, { method: 'POST', headers, agent }, (res) => {
      if (res.statusCode !== 200) failed = true;
      res.on('data', (c) => {
        const t = performance.now();
        if (!first) first = t;
        else gaps.push(t - last);
        last = t;
        tail = (tail + c.toString('latin1')).slice(-64);
      });
      res.on('end', () => {
        if (failed) bad++;
        else {
          ok++;
          ttft.push(first - t0);
          total.push(performance.now() - t0);
          if (!tail.includes('data: [DONE]')) noDone++;
        }
        resolve();
      });
      res.on('error', () => {
        bad++;
        resolve();
      });
    });
    req.on('error', () => {
      bad++;
      resolve();
    });
    req.end(fresh());
  });
}
const t0 = performance.now();
await Promise.all(
  Array.from({ length: C }, async () => {
    while (performance.now() < end) await one();
  }),
);
const el = (performance.now() - t0) / 1000;
const q = (a, p) => {
  if (!a.length) return null;
  a.sort((x, y) => x - y);
  return +a[Math.min(a.length - 1, Math.floor(a.length * p))].toFixed(3);
};
console.log(
  'JSON' +
    JSON.stringify({
      streams: ok,
      rps: +(ok / el).toFixed(1),
      ttft50: q(ttft, 0.5),
      ttft99: q(ttft, 0.99),
      total50: q(total, 0.5),
      total99: q(total, 0.99),
      gap50: q(gaps, 0.5),
      gap99: q(gaps, 0.99),
      bad,
      noDone,
    }),
);
process.exit(0);
