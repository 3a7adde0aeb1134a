// Mock OpenAI-compatible upstream. Our own code; no dependencies.
// The body is read in full, so a proxy that drops or truncates the body shows up as an error.
// Behaviour per request is set by a marker in the message text, "[[mock delay_ms=50 chunks=40]]",
// because some gateways drop body fields they do not know; or by environment defaults:
//   delay_ms  time before the first byte      chunks  number of SSE content deltas
//   itl_ms    gap between deltas (0 = burst)  status  answer with this error status
//   cut=N     drop the connection after N deltas (mid-stream failure)
//   ping=1    send an SSE comment line before every delta
//   split=1   send multi-byte text with writes that split a UTF-8 character
import http from 'node:http';

const PORT = Number(process.env.MOCK_PORT ?? 9100);
const DEF = {
  delay_ms: Number(process.env.MOCK_DELAY_MS ?? 0),
  itl_ms: Number(process.env.MOCK_ITL_MS ?? 0),
  chunks: Number(process.env.MOCK_CHUNKS ?? 64),
  status: 200,
};
const TEXT = 'The quick brown fox jumps over the lazy dog. '.repeat(12);
const FIXED = Buffer.from(
  JSON.stringify({
    id: 'chatcmpl-mock',
    object: 'chat.completion',
    created: 1700000000,
    model: 'mock-model',
    choices: [
      { index: 0, message: { role: 'assistant', content: TEXT, refusal: null }, logprobs: null, finish_reason: 'stop' },
    ],
    usage: { prompt_tokens: 64, completion_tokens: 120, total_tokens: 184 },
  }),
);
const delta = (i) =>
  'data: ' +
  JSON.stringify({
    id: 'chatcmpl-mock',
    object: 'chat.completion.chunk',
    created: 1700000000,
    model: 'mock-model',
    choices: [
      {
        index: 0,
        delta: i === 0 ? { role: 'assistant', content: '' } : { content: ' token' + i },
        logprobs: null,
        finish_reason: null,
      },
    ],
  }) +
  '\n\n';
const FIN =
  'data: ' +
  JSON.stringify({
    id: 'chatcmpl-mock',
    object: 'chat.completion.chunk',
    created: 1700000000,
    model: 'mock-model',
    choices: [{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }],
  }) +
  '\n\n';
const USAGE =
  'data: ' +
  JSON.stringify({
    id: 'chatcmpl-mock',
    object: 'chat.completion.chunk',
    created: 1700000000,
    model: 'mock-model',
    choices: [],
    usage: { prompt_tokens: 64, completion_tokens: 64, total_tokens: 128 },
  }) +
  '\n\n';

const stats = { requests: 0, streams: 0, aborted: 0, badJson: 0, lastKeys: [], lastBytes: 0 };

http
  .createServer((req, res) => {
    if (req.url === '/__stats') {
      res.setHeader('content-type', 'application/json');
      return res.end(JSON.stringify(stats));
    }
    if (req.url === '/health') return res.end('ok');
    if (req.url.endsWith('/models')) {
      res.setHeader('content-type', 'application/json');
      return res.end(
        JSON.stringify({ object: 'list', data: [{ id: 'mock-model', object: 'model', created: 0, owned_by: 'mock' }] }),
      );
    }
    const parts = [];
    req.on('data', (c) => parts.push(c));
    req.on('end', () => {
      stats.requests++;
      let answered = false;
      res.on('close', () => {
        if (!answered && !res.writableEnded) stats.aborted++;
      });
      let body;
      const raw = Buffer.concat(parts).toString('utf8');
      try {
        body = JSON.parse(raw);
      } catch {
        stats.badJson++;
        res.statusCode = 400;
        return res.end('{"error":{"message":"bad json","type":"invalid_request_error","param":null,"code":null}}');
      }
      stats.lastKeys = Object.keys(body);
      stats.lastBytes = raw.length;
      let m = DEF;
      const mark = raw.match(/\[\[mock ([^\]]*)\]\]/);
      if (mark) {
        m = { ...DEF };
        for (const kv of mark[1].split(' ')) {
          const [k, v] = kv.split('=');
          m[k] = Number(v);
        }
      }
      const go = () => {
        if (m.status !== 200) {
          res.writeHead(m.status, { 'content-type': 'application/json', 'retry-after': '1' });
          return res.end(
            JSON.stringify({
              error: {
                message: 'mock error',
                type: m.status === 429 ? 'rate_limit_error' : 'server_error',
                param: null,
                code: null,
              },
            }),
          );
        }
        if (!body.stream) {
          res.writeHead(200, { 'content-type': 'application/json', 'content-length': FIXED.length });
          return res.end(FIXED);
        }
        stats.streams++;
        res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
        let i = 0;
        const tail = () => {
          res.write(FIN);
          if (body.stream_options?.include_usage) res.write(USAGE);
          res.end('data: [DONE]\n\n');
        };
        if (m.split) {
          const b = Buffer.from(delta(1).replace(' token1', ' h\u00e9llo \u{1F680} w\u00f6rld'));
          let k = 0;
          const t = setInterval(() => {
            if (k < b.length) {
              res.write(b.subarray(k, k + 7));
              k += 7;
            } else {
              clearInterval(t);
              tail();
            }
          }, 2);
          return;
        }
        if (m.itl_ms > 0) {
          const t = setInterval(() => {
            if (m.ping) res.write(': ping - ' + i + '\n\n');
            res.write(delta(i++));
            if (m.cut && i >= m.cut) {
              answered = true;
              clearInterval(t);
              return res.destroy();
            }
            if (i >= m.chunks) {
              clearInterval(t);
              tail();
            }
          }, m.itl_ms);
          res.on('close', () => clearInterval(t));
        } else {
          for (; i < m.chunks; i++) {
            if (m.cut && i >= m.cut) {
              setTimeout(() => res.destroy(), 20);
              return;
            }
            res.write(delta(i));
          }
          tail();
        }
      };
      m.delay_ms > 0 ? setTimeout(go, m.delay_ms) : go();
    });
  })
  .listen({ port: PORT, host: '127.0.0.1', backlog: 4096 }, () => console.log('mock on', PORT));
