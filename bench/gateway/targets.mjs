// What is measured, all in the same run. `prepare.ts` has written the gateway's configurations into BENCH_TMP.
import { existsSync } from 'node:fs';

const here = new URL('.', import.meta.url).pathname;
const node = process.execPath;
export const UP = 9100;

export function targets() {
  const list = [
    { name: 'direct', port: UP },
    { name: 'fastify-lean', port: 9207, cmd: [node, `${here}proxy-fastify-lean.mjs`] },
  ];
  // The peer: build/start-server.js of @portkey-ai/gateway, installed in a folder of its own.
  const portkey = process.env.PORTKEY_JS;
  if (portkey && existsSync(portkey)) {
    list.push({
      name: 'portkey',
      port: 9205,
      cmd: [node, portkey, '--port=9205', '--headless'],
      headers: `x-portkey-provider=openai;x-portkey-custom-host=http://127.0.0.1:${UP}/v1`,
      env: { NODE_ENV: 'production' },
    });
  }
  for (const [name, port] of [
    ['static', 9301],
    ['ridge', 9302],
    ['knn', 9303],
    ['ridge-128', 9304],
    ['knn-128', 9305],
  ]) {
    const config = `${process.env.BENCH_TMP}/${name}.yaml`;
    list.push({
      name: `pointsman ${name}`,
      port,
      cmd: [node, '--max-semi-space-size=4', `${here}../../bin/pointsman`, 'serve', '--config', config],
      model: 'auto',
    });
  }
  return list;
}
