// Floor 3b: same duties as proxy-fastify.mjs (parse, rewrite model, forward) done the cheap way.
// The raw bytes are kept next to the parsed body, the model value is spliced in place instead of
// serialising the whole body again, undici's dispatch feeds a hijacked reply.
import Fastify from 'fastify';
import { Pool } from 'undici';
const PORT = Number(process.env.PORT),
  UP = Number(process.env.UP_PORT ?? 9100);
const pool = new Pool(`http://127.0.0.1:${UP}`, { connections: 512, pipelining: 1 });
const app = Fastify({ logger: false, bodyLimit: 20 * 1024 * 1024 });
app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (req, buf, done) => {
  try {
    done(null, { raw: buf, body: JSON.parse(buf) });
  } catch (e) {
    e.statusCode = 400;
    done(e);
  }
});
const KEY = Buffer.from('"model"');
// Finds the value of the top-level "model" key: walks strings and depth, so nested keys never match.
function spliceModel(raw, to) {
  let depth = 0;
  for (let i = 0; i < raw.length; i++) {
    const c = raw[i];
    if (c === 0x22) {
      const s = i;
      for (i++; raw[i] !== 0x22; i++) if (raw[i] === 0x5c) i++;
      if (depth === 1 && i - s + 1 === KEY.length && raw.compare(KEY, 0, KEY.length, s, i + 1) === 0) {
        let j = i + 1;
        while (raw[j] <= 0x20) j++;
        if (raw[j] !== 0x3a) continue;
        j++;
        while (raw[j] <= 0x20) j++;
        if (raw[j] !== 0x22) return null;
        let k = j + 1;
        for (; raw[k] !== 0x22; k++) if (raw[k] === 0x5c) k++;
        return Buffer.concat([raw.subarray(0, j), Buffer.from(JSON.stringify(to)), raw.subarray(k + 1)]);
      }
    } else if (c === 0x7b || c === 0x5b) depth++;
    else if (c === 0x7d || c === 0x5d) depth--;
  }
  return null;
}
const KEEP = new Set([
  'content-type',
  'content-length',
  'retry-after',
  'retry-after-ms',
  'x-request-id',
  'cache-control',
]);
app.post('/v1/chat/completions', (req, reply) => {
  const { raw, body } = req.body;
  const out = spliceModel(raw, 'mock-model') ?? Buffer.from(JSON.stringify({ ...body, model: 'mock-model' }));
  reply.hijack();
  const res = reply.raw;
  let abort,
    done = false;
  res.on('close', () => {
    if (!done) abort?.();
  });
  pool.dispatch(
    {
      path: '/v1/chat/completions',
      method: 'POST',
      body: out,
      headers: { 'content-type': 'application/json', authorization: req.headers.authorization ?? '' },
    },
    {
      onConnect(a) {
        abort = a;
      },
      onHeaders(status, h, resume) {
        const o = ['x-routed-model', 'mock-model'];
        for (let i = 0; i < h.length; i += 2) {
          const k = h[i].toString().toLowerCase();
          if (KEEP.has(k)) o.push(k, h[i + 1].toString());
        }
        res.writeHead(status, o);
        res.on('drain', resume);
        return true;
      },
      onData(c) {
        return res.write(c);
      },
      onComplete() {
        done = true;
        res.end();
      },
      onError() {
        done = true;
        if (!res.headersSent) {
          res.writeHead(502, { 'content-type': 'application/json' });
          res.end(
            '{"error":{"message":"upstream failed","type":"server_error","param":null,"code":"upstream_unavailable"}}',
          );
        } else res.destroy();
      },
    },
  );
});
app.get('/health', async () => 'ok');
await app.listen({ port: PORT, host: '127.0.0.1' });
