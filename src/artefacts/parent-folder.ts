import { accessSync, constants, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { messageOf, PointsmanError } from '../core/errors.ts';

/**
 * Throws `invalid_data` where no folder could be made at `out`: something above it is a file, or may not be written.
 * Called before the work, not after.
 */
export function checkParentFolder(out: string): void {
  const [highest = resolve(out)] = missingParents(resolve(out));
  const parent = dirname(highest);
  if (statSync(parent, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new PointsmanError(
      'invalid_data',
      `${out}: ${basename(parent)} is a file, not a folder; name another place.`,
    );
  }
  try {
    accessSync(parent, constants.W_OK);
  } catch (cause) {
    throw new PointsmanError('invalid_data', `${out}: it cannot be written there (${messageOf(cause)}).`, { cause });
  }
}

/** Folders above `path`, one by one: Node's own `recursive` never ends in a file system like /proc, which refuses with ENOENT. */
export function makeParents(path: string): void {
  for (const folder of missingParents(path)) mkdirSync(folder);
}

/** Folders above `path` that are not there, the highest first. */
function missingParents(path: string): readonly string[] {
  const parent = dirname(path);
  return existsSync(parent) || parent === path ? [] : [...missingParents(parent), parent];
}

/**
 * After a failure: what was at `target` and had been set aside goes back, the draft goes. Never throws: the trouble
 * that is told is the one that came first.
 */
export function putBack(target: string, replaced: string, draft: string): void {
  try {
    if (existsSync(replaced) && !existsSync(target)) renameSync(replaced, target);
    rmSync(draft, { recursive: true, force: true });
  } catch {
    // The disk refused once already.
  }
}
