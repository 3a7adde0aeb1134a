import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const isBuilt = existsSync(`${root}dist/cli/pointsman.js`);
if (!isBuilt) console.warn('skipped: dist/ is not there; run npm run build');

function start(flags: readonly string[]): {
  folder: string;
  ended: Promise<{ code: number | null; stderr: string }>;
  stop: () => void;
} {
  const folder = mkdtempSync(join(tmpdir(), 'pointsman-train-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const args = ['bin/pointsman', 'train', '--out', join(folder, 'artefact'), ...flags];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'close').then(([code]: (number | null)[]) => ({ code: code ?? null, stderr }));
  return { folder, ended, stop: () => child.kill('SIGINT') };
}

describe.skipIf(!isBuilt)('pointsman train', () => {
  it('stopped in the middle leaves nothing behind', async () => {
    const { folder, ended, stop } = start(['--data', 'data/planted', '-e', 'stack,knn,ridge']);
    // After its start and before its end, wherever it is then.
    setTimeout(stop, 2500);
    const { code, stderr } = await ended;
    // Null: so early that nobody had listened yet.
    expect([130, null]).toContain(code);
    if (code === 130) expect(stderr).toContain('nothing was written');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('wants one thing to learn from', async () => {
    const { ended } = start([]);
    expect(await ended).toMatchObject({ code: 2, stderr: expect.stringContaining('name --data or --from-log') });
  });

  it("embeds as a gateway's YAML says", async () => {
    const configFolder = mkdtempSync(join(tmpdir(), 'pointsman-train-'));
    onTestFinished(() => rmSync(configFolder, { recursive: true, force: true }));
    const config = join(configFolder, 'pointsman.yaml');
    writeFileSync(
      config,
      'models: [{ id: one, backend: simulated }]\nembedder: { type: hashing, dimensions: 64 }\nstorage: { path: x.db }\n',
    );
    const { folder, ended } = start(['--data', 'data/planted', '-e', 'ridge', '--config', config]);
    expect(await ended).toMatchObject({ code: 0 });
    const manifest: unknown = JSON.parse(readFileSync(join(folder, 'artefact', 'manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({ embedder: { id: 'hashing-v1-64', dimensions: 64 } });
  });
});
