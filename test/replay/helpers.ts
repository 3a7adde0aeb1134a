import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A value that has to be there; the test fails where it is not. */
export function must<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('a value is missing');
  return value;
}

/** A folder that is gone after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pointsman-replay-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A folder of the real data sets; null (with a printed reason) where they are not at hand. */
export function sharedData(name: string): string | null {
  const root = process.env['POINTSMAN_SHARED_DATA'] ?? join('..', 'shared', 'data');
  const folder = join(root, name);
  if (existsSync(folder)) return folder;
  console.warn(`skipped: ${folder} is not there; POINTSMAN_SHARED_DATA names the folder of the data sets`);
  return null;
}
