import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { spawnGateway, type GatewayProcess } from '../helpers/gateway-process.ts';

/** What the first screen promises is run, so that it cannot rot. `npm ci && npm start` itself needs a clean clone. */
const root = fileURLToPath(new URL('../../', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const run = promisify(execFile);

function block(language: string): string {
  const found = new RegExp(`^\`\`\`${language}\n([^]*?)\`\`\``, 'm').exec(readme)?.[1];
  if (found === undefined) throw new Error(`README.md has no ${language} block`);
  return found;
}

describe('README', () => {
  let gateway: GatewayProcess;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pointsman-readme-'));
    gateway = await spawnGateway([], { cwd: folder });
  });
  afterAll(async () => {
    await gateway.kill('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  });

  it('starts without a file or a key, and says where it is, what it serves and how to try it', async () => {
    for (const word of ['small', 'medium', 'large', 'curl', 'baseURL', 'simulated'])
      expect(gateway.banner).toContain(word);
    const curl = /curl (\S+)[^]*?-d '([^']+)'/.exec(gateway.banner);
    const answer = await fetch(curl?.[1] ?? '', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: curl?.[2] ?? '',
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-pointsman-simulated')).toBe('true');
    expect(await answer.json()).toMatchObject({ system_fingerprint: 'simulated' });
  });

  it('has an SDK snippet that runs', async () => {
    // Beside the project's packages, since the snippet imports one.
    const file = join(root, 'test/fixtures', `readme-snippet-${process.pid}.mjs`);
    await writeFile(file, block('js').replace('http://127.0.0.1:4040', gateway.url));
    try {
      const { stdout } = await run(process.execPath, [file]);
      expect(stdout).toMatch(/^(small|medium|large) quality 0/);
    } finally {
      await rm(file);
    }
  });

  it('has a feedback example that teaches', async () => {
    const environment = { ...process.env, POINTSMAN_URL: `${gateway.url}/v1` };
    const { stdout } = await run(process.execPath, [join(root, 'examples/feedback.mjs'), '5'], { env: environment });
    // Over all rounds but the first: a lucky score of another model can win a single round of 20.
    const taught = stdout.trim().split('\n').slice(1);
    expect(taught).toHaveLength(4);
    const medium = taught.reduce((sum, line) => sum + Number(/medium: (\d+)/.exec(line)?.[1] ?? 0), 0);
    expect(medium).toBeGreaterThanOrEqual(0.75 * 80);
  });

  it('has a YAML that loads', () => {
    const config = parseConfig(block('yaml'), null, { environment: { OPENAI_API_KEY: 'sk-x' } });
    expect(config.models.map(({ id, price }) => [id, price === null])).toEqual([
      ['qwen-on-our-gpu', false],
      ['gpt-4o', false],
    ]);
    expect(config.warnings).toEqual([]);
  });

  it('shows what replay prints', async () => {
    const [command, ...expected] = block('console').trim().split('\n');
    expect(command).toBe('$ ./bin/pointsman replay --train data/planted');
    const { stdout } = await run(process.execPath, [join(root, 'bin/pointsman'), 'replay', '--train', 'data/planted'], {
      cwd: root,
    });
    const printed = stdout.split('\n');
    for (const line of expected) expect(printed.some((each) => each.startsWith(line))).toBe(true);
  });
});
