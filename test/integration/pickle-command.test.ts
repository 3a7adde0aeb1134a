import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../replay/helpers.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const fixture = join(root, 'test/fixtures/pickles/mixed.5.pkl');

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line as a user calls it. */
function pointsman(...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, ['--import', 'tsx', join(root, 'src/cli/pointsman.ts'), ...args], {
    cwd: root,
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  return new Promise((done) => child.on('close', (status) => done({ status, stdout, stderr })));
}

describe('pointsman import', () => {
  const folder = temporaryFolder();

  it('turns a pickle into the wide layout', async () => {
    const out = join(folder, 'out.csv.gz');
    const models = ['--models', 'small/model@1', '--keep-partial'];
    // The table of the fixtures has a cost for one of its models only, which no table may have.
    expect(await pointsman('import', fixture, '--out', out, ...models)).toMatchObject({
      status: 2,
      stderr: 'pointsman: mixed.5.pkl, row 1, column "large|total_cost": this model has no cost, others have.\n',
    });
    const wide = join(folder, 'wide.jsonl');
    writeFileSync(wide, '{"sample_id":"1","prompt":"p","m":0.5}\n');
    const ended = await pointsman('import', wide, '--out', out);
    expect(ended).toMatchObject({ status: 0, stderr: '' });
    expect(ended.stdout).toContain('1 rows, 1 models, without costs');
    expect(gunzipSync(readFileSync(out)).toString()).toBe('sample_id,prompt,eval_name,m\n1,p,,0.5\n');
  });

  it('refuses a hostile pickle in one line, with exit code 2, and runs nothing', async () => {
    const hostile = join(folder, 'hostile.pkl');
    const marker = join(folder, 'was-run');
    writeFileSync(hostile, `cos\nsystem\n(S'touch ${marker}'\ntR.`);
    const before = readdirSync(folder);
    const ended = await pointsman('import', hostile, '--out', join(folder, 'never.csv'));
    expect(ended.status).toBe(2);
    expect(ended.stderr).toMatch(/^pointsman: hostile\.pkl: the pickle asks for "os\.system".*\n$/);
    expect(existsSync(marker)).toBe(false);
    expect(readdirSync(folder)).toEqual(before);
  });
});

describe('pointsman datasets', () => {
  it('lists what is known, all or one', async () => {
    const all = await pointsman('datasets', '--json');
    const sets: { name: string; use: string }[] = JSON.parse(all.stdout);
    expect(sets.find(({ name }) => name === 'routerarena')).toMatchObject({ use: 'evaluation-only' });
    expect((await pointsman('datasets', 'routerbench')).stdout).toContain('none stated: do not pass it on');
    expect(await pointsman('datasets', 'nonsense')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('No data set is called'),
    });
    expect(await pointsman('datasets', 'fetch', 'routerbench')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--url'),
    });
  });

  it('fetches from a loopback server and shows the sum', async () => {
    const folder = temporaryFolder();
    const server = createServer((_, response) => void response.end('rows'));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/routerbench_0shot.pkl`;
    try {
      const out = join(folder, 'routerbench_0shot.pkl');
      const ended = await pointsman('datasets', 'fetch', 'routerbench', '--url', url, '--out', out);
      expect(ended).toMatchObject({ status: 0, stderr: '' });
      expect(ended.stdout).toContain('sha256 bc51e9e65d79e1c90ba544ab2eae1044ccdf8c1af7a559ba375cba4276f7d99e');
      expect(ended.stdout).toContain('not that of the file others have used (ba4f77f1');
      expect(readFileSync(out, 'utf8')).toBe('rows');
    } finally {
      server.close();
    }
  });
});
