import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { checkParentFolder, makeParents, putBack } from '../../artefacts/parent-folder.ts';
import { messageOf, PointsmanError } from '../../core/errors.ts';
import { parseManifest } from './manifest.ts';

/** A file of the report, by its name. */
export type ReportFiles = ReadonlyMap<string, string>;

/**
 * Throws `invalid_data` where `out` could not be written over: a report that is there is replaced, anything else is left
 * alone. Called before the work, not after.
 */
export function checkReportFolder(out: string): void {
  if (!existsSync(out)) return checkParentFolder(out);
  let files: readonly string[];
  try {
    files = readdirSync(out);
  } catch {
    throw new PointsmanError('invalid_data', `${out}: there is a file of this name; name a folder for the report.`);
  }
  if (files.length === 0) return;
  try {
    parseManifest(readFileSync(join(out, 'manifest.json'), 'utf8'), out);
  } catch (cause) {
    throw new PointsmanError(
      'invalid_data',
      `${out}: the folder holds something that is no report (${files.slice(0, 3).join(', ')}); name an empty or new one.`,
      { cause },
    );
  }
}

/** All files in one step: at no moment is there half a report under `out`. Throws `invalid_data` where the disk refuses. */
export function writeReport(out: string, files: ReportFiles): void {
  checkReportFolder(out);
  const target = resolve(out);
  const beside = (suffix: string): string => join(dirname(target), `.${basename(target)}.${process.pid}.${suffix}`);
  const [draft, replaced] = [beside('draft'), beside('replaced')];
  try {
    makeParents(target);
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft);
    for (const [name, text] of files) writeFileSync(join(draft, name), text, { flag: 'wx' });
    if (existsSync(target)) renameSync(target, replaced);
    renameSync(draft, target);
    rmSync(replaced, { recursive: true, force: true });
  } catch (cause) {
    putBack(target, replaced, draft);
    throw new PointsmanError('invalid_data', `${out}: the report cannot be written (${messageOf(cause)}).`, { cause });
  }
}
