import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const isBuilt = existsSync(`${root}dist/cli/doctor.js`);
if (!isBuilt) console.warn('skipped: dist/ is not there; run npm run build');

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command as a newcomer runs it: in a folder of their own, with an environment of their own. */
async function run(folder: string, args: readonly string[], environment: Record<string, string> = {}): Promise<Ran> {
  const child = spawn(process.execPath, [`${root}bin/pointsman`, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, OLLAMA_HOST: '127.0.0.1:9', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code]: unknown[] = await once(child, 'close');
  return { code: Number(code), stdout, stderr };
}

function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pointsman-new-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function server(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const started = createServer(answer).listen(0, '127.0.0.1');
  await once(started, 'listening');
  onTestFinished(() => void started.close());
  return `127.0.0.1:${(started.address() as AddressInfo).port}`;
}

const json = (response: ServerResponse, body: unknown, status = 200, headers = {}): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
};

describe.skipIf(!isBuilt)('a new user', () => {
  test('with nothing there: init writes simulated models, and never over a file that is there', async () => {
    const folder = freshFolder();
    const unasked = await run(folder, ['init']);
    expect(unasked).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
    const made = await run(folder, ['init', '--yes']);
    expect(made.code).toBe(0);
    const file = join(folder, 'pointsman.yaml');
    const text = readFileSync(file, 'utf8');
    const schema = /^# yaml-language-server: \$schema=(?<url>\S+)\n/.exec(text)?.groups?.['url'] ?? '';
    // What the editor will open is there, without a network.
    expect(JSON.parse(readFileSync(new URL(schema), 'utf8'))).toMatchObject({ title: 'Pointsman configuration' });
    writeFileSync(file, `${text}# mine\n`);
    expect(await run(folder, ['init', '--yes'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--force') });
    expect(readFileSync(file, 'utf8')).toContain('# mine');
    expect((await run(folder, ['init', '--yes', '--force'])).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(text);
    const { code, stdout } = await run(folder, ['doctor', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toContainEqual({
      what: 'target small@simulated',
      status: 'ok',
      seen: 'simulated',
      mend: null,
    });
  });

  test("with Ollama's port answering: its chat models are proposed, written and found well", async () => {
    const folder = freshFolder();
    const host = await server((request, response) => {
      if (request.url === '/api/tags') {
        json(response, {
          models: [
            { name: 'qwen3:8b', size: 5e9 },
            { name: 'nomic-embed-text:latest', size: 3e8 },
          ],
        });
      } else json(response, {}, 404);
    });
    const made = await run(folder, ['init', '--yes'], { OLLAMA_HOST: host });
    expect(made.stdout).toMatch(/\* qwen3:8b +Ollama, on this machine/);
    const config = parseConfig(readFileSync(join(folder, 'pointsman.yaml'), 'utf8'), null, { environment: {} });
    expect(config.models.map(({ id }) => id)).toContain('qwen3:8b');
    expect(config.models.map(({ id }) => id)).not.toContain('nomic-embed-text:latest');
    // By its own API, with a context that is told: else it would cut long prompts without a word.
    expect(config.models[0]?.targets).toMatchObject([
      { backend: 'ollama', baseUrl: `http://${host}`, local: true, options: { num_ctx: 8192 } },
    ]);
    const { code, stdout } = await run(folder, ['doctor']);
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('has qwen3:8b') });
  });

  test('with a wrong key: doctor names the target, the place and the mend, and never the key', async () => {
    const folder = freshFolder();
    const host = await server((request, response) => {
      if (request.headers.authorization === 'Bearer the-right-one') json(response, { data: [{ id: 'm' }] });
      else json(response, { error: { message: `no such key: ${request.headers.authorization}` } }, 401);
    });
    const yaml = `models:\n  - id: m\n    base_url: http://${host}/v1\n    api_key: \${KEY}\n    price: { input: 1, output: 1 }\n`;
    writeFileSync(join(folder, 'pointsman.yaml'), `${yaml}routes: { auto: {} }\n`);
    const wrong = await run(folder, ['doctor'], { KEY: 'sk-not-the-right-one' });
    expect(wrong.code).toBe(1);
    expect(wrong.stdout).toMatch(
      /FAILED +target m@127\.0\.0\.1:\d+: refused the key \(status 401\)\n +See that api_key .*\(pointsman\.yaml:2:/,
    );
    expect(wrong.stdout + wrong.stderr).not.toContain('sk-not');
    expect((await run(folder, ['doctor'], { KEY: 'the-right-one' })).code).toBe(0);
    const unset = await run(folder, ['doctor']);
    expect(unset).toMatchObject({ code: 1, stdout: expect.stringMatching(/pointsman\.yaml:4:.*KEY is not set/) });
  });

  test('with all kinds of trouble: each in a line of its own', async () => {
    const folder = freshFolder();
    const late = new Date(Date.now() + 3_600_000).toUTCString();
    const other = await server((_, response) => json(response, { data: [{ id: 'other' }] }, 200, { date: late }));
    const bare = await server((_, response) => json(response, {}, 404));
    writeFileSync(join(folder, 'broken.db'), 'this is no database, whatever its name says'.repeat(50));
    writeFileSync(
      join(folder, 'pointsman.yaml'),
      `models:
  - { id: gone, base_url: "http://127.0.0.1:9/v1", price: { input: 1, output: 1 } }
  - { id: renamed, base_url: "http://${other}/v1", price: { input: 1, output: 1 } }
  - { id: bare, base_url: "http://${bare}/v1" }
routes: { auto: {} }
storage: { path: broken.db }
queue: { type: bullmq, url: "redis://:hunter2@127.0.0.1:9/0" }
`,
    );
    const { code, stdout } = await run(folder, ['doctor']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/FAILED +storage .*broken\.db: file is not a database/);
    expect(stdout).toMatch(/FAILED +target gone@.*cannot be reached/);
    expect(stdout).toMatch(/warning +target renamed@.*does not list renamed; it lists other\n.*upstream_model/);
    expect(stdout).toMatch(/warning +target bare@.*no list of models/);
    expect(stdout).toMatch(/warning +configuration: .*nobody knows what "bare" costs/);
    expect(stdout).toMatch(/warning +clock: 3[56]\d\d s behind the targets/);
    expect(stdout).toMatch(/FAILED +Redis /);
    expect(stdout).not.toContain('hunter2');
  });
});
