import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { chunkEvent, doneEvent, startFakeUpstream, stopEvent, type FakeUpstream } from '../helpers/fake-upstream.ts';
import { spawnGateway, type GatewayProcess } from '../helpers/gateway-process.ts';
import { ask } from '../helpers/running-gateway.ts';

const isBuilt = existsSync(fileURLToPath(new URL('../../dist/config/watch.js', import.meta.url)));
if (!isBuilt) console.warn('skipped: dist/ is not there; run npm run build');

const question = { model: 'auto', messages: [{ role: 'user', content: 'hi' }] };

async function start(): Promise<{ gateway: GatewayProcess; fake: FakeUpstream; write: (id: string) => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'pointsman-operations-'));
  const fake = await startFakeUpstream();
  const file = join(folder, 'pointsman.yaml');
  const write = (id: string): void =>
    writeFileSync(
      file,
      `models: [{ id: ${id}, base_url: "${fake.baseUrl}", price: { input: 1, output: 1 } }]\nroutes: { auto: { policy: static, estimators: { quality: mean, cost: mean } } }\n`,
    );
  write('one');
  const gateway = await spawnGateway(['--config', file], { cwd: folder });
  onTestFinished(async () => {
    await gateway.kill('SIGKILL');
    await fake.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { gateway, fake, write };
}

const servedBy = async (gateway: GatewayProcess): Promise<string | null> =>
  (await ask(gateway.url, question)).headers.get('x-pointsman-model');

describe.skipIf(!isBuilt)('the process', () => {
  test('takes the file over when it changes, and at SIGHUP; a bad one is refused and it lives on', async () => {
    const { gateway, write } = await start();
    expect(await servedBy(gateway)).toBe('one');
    write('two');
    await expect.poll(() => servedBy(gateway), { timeout: 20_000 }).toBe('two');
    const reloads = async (result: string): Promise<number> => {
      const text = await (await fetch(`${gateway.url}/metrics`)).text();
      return Number(new RegExp(`reloads_total\\{result="${result}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
    };
    const before = await reloads('taken');
    gateway.signal('SIGHUP');
    await expect.poll(() => reloads('taken'), { timeout: 20_000 }).toBeGreaterThan(before);
    write('not two');
    gateway.signal('SIGHUP');
    await expect.poll(() => reloads('refused'), { timeout: 20_000 }).toBeGreaterThan(0);
    expect(await servedBy(gateway)).toBe('two');
  });

  test('at SIGTERM every stream that runs is brought to its end, and then it goes', async () => {
    const { gateway, fake } = await start();
    let go = (): void => undefined;
    const gate = new Promise<void>((resolve) => (go = resolve));
    fake.always(async (reply) => {
      reply.head(200, { 'content-type': 'text/event-stream' });
      await reply.write(chunkEvent({ content: 'first ' }));
      await gate;
      for (const piece of [chunkEvent({ content: 'last' }), stopEvent, doneEvent]) await reply.write(piece);
      reply.end();
    });
    const responses = await Promise.all(
      Array.from({ length: 20 }, () =>
        fetch(`${gateway.url}/v1/chat/completions`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ ...question, stream: true }),
        }),
      ),
    );
    const ended = gateway.kill('SIGTERM');
    // The door is closed to new ones while the old ones run.
    await expect
      .poll(
        () =>
          fetch(`${gateway.url}/ready`).then(
            () => 'open',
            () => 'closed',
          ),
        { timeout: 10_000 },
      )
      .toBe('closed');
    go();
    const texts = await Promise.all(responses.map((response) => response.text()));
    expect(texts.filter((text) => !text.includes('last') || !text.endsWith(doneEvent))).toEqual([]);
    expect(await ended).toBe(0);
  });
});
