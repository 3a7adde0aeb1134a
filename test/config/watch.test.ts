import { mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { watchFile } from '../../src/config/watch.ts';

function watched(content: string) {
  const folder = mkdtempSync(join(tmpdir(), 'pointsman-watch-'));
  const file = join(folder, 'pointsman.yaml');
  writeFileSync(file, content);
  let calls = 0;
  const end = watchFile(file, () => calls++, { everyMs: 5 });
  onTestFinished(() => {
    end();
    rmSync(folder, { recursive: true, force: true });
  });
  return { folder, file, end, calls: () => calls };
}

const aWhile = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 60));

test('a change is told once; a touch and the same bytes again are none', async () => {
  const { file, calls } = watched('a');
  await aWhile();
  expect(calls()).toBe(0);
  writeFileSync(file, 'b');
  await expect.poll(calls).toBe(1);
  writeFileSync(file, 'b');
  await aWhile();
  expect(calls()).toBe(1);
  writeFileSync(file, 'c');
  await expect.poll(calls).toBe(2);
});

test('a file that is replaced by renaming, or is gone for a while, is seen', async () => {
  const { folder, file, calls } = watched('a');
  await aWhile();
  writeFileSync(join(folder, 'new'), 'b');
  renameSync(join(folder, 'new'), file);
  await expect.poll(calls).toBe(1);
  unlinkSync(file);
  await aWhile();
  expect(calls()).toBe(1);
  writeFileSync(file, 'c');
  await expect.poll(calls).toBe(2);
});

test('a link that is swapped to another folder is seen, as Kubernetes does it', async () => {
  const { folder, file, calls } = watched('a');
  unlinkSync(file);
  symlinkSync('first', file);
  writeFileSync(join(folder, 'first'), 'a');
  writeFileSync(join(folder, 'second'), 'b');
  await aWhile();
  const before = calls();
  symlinkSync('second', join(folder, 'link'));
  renameSync(join(folder, 'link'), file);
  await expect.poll(calls).toBe(before + 1);
});

test('after its end nothing is told', async () => {
  const { file, end, calls } = watched('a');
  await aWhile();
  end();
  writeFileSync(file, 'b');
  await aWhile();
  expect(calls()).toBe(0);
});
