import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { runReplay } from '../../src/replay/replay.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const isBuilt = existsSync(`${root}dist/cli/pointsman.js`);
if (!isBuilt) console.warn('skipped: dist/ is not there; run npm run build');

describe.skipIf(!isBuilt)('pointsman replay on the planted world', () => {
  it('prints the same bytes from threads of the build as in one thread from source', async () => {
    const data = 'data/planted';
    const flags = ['--train', data, '--test', data, '--resamples', '50', '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, ['bin/pointsman', 'replay', ...flags], {
      cwd: root,
      maxBuffer: 1 << 28,
    });
    const here = await runReplay({ train: `${root}${data}`, test: `${root}${data}`, resamples: 50 });
    expect(stdout).toBe(`${JSON.stringify(here, null, 2)}\n`);
    for (const { cost } of here.runs) expect(cost?.gain.low).toBeGreaterThan(0);
  });

  it('ends quietly when nobody reads on, as in `| head`', async () => {
    const flags = ['replay', '--train', 'data/planted', '-e', 'mean', '--resamples', '0', '--json'];
    const child = spawn(process.execPath, ['bin/pointsman', ...flags], { cwd: root });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    // The reader leaves before the first line.
    child.stdout.destroy();
    const [code] = await once(child, 'close');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('ends with 2 and one line for bad input', async () => {
    const promise = promisify(execFile)(process.execPath, ['bin/pointsman', 'replay', '--train', 'no/such'], {
      cwd: root,
    });
    await expect(promise).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^[^\n]*no\/such: there is no such file or folder\.\n?$/),
    });
  });
});
