import { closeSync, openSync, readSync } from 'node:fs';
import { PointsmanError } from '../core/errors.ts';
import { formatLog } from '../replay/report/format-log.ts';
import type { LogManifestOptions } from '../replay/report/manifest.ts';
import { runLog, writeLog } from '../replay/report/report-kinds.ts';
import { checkReportFolder } from '../replay/report/write-report.ts';
import { reportLine } from './report-line.ts';
import { version } from './version.ts';

interface LogFlags {
  readonly train?: string;
  readonly test?: string;
  readonly policy?: readonly string[];
  readonly route?: string;
  readonly lambda: number;
  readonly resamples?: number;
  readonly seed?: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** Whether `--test` names an outcome database, by its first bytes; of what cannot be read, by its name. */
export function isLog(path: string | undefined): path is string {
  if (path === undefined) return false;
  const head = Buffer.alloc(15);
  try {
    const file = openSync(path, 'r');
    try {
      readSync(file, head, 0, head.length, 0);
    } finally {
      closeSync(file);
    }
  } catch {
    // Whoever opens it as data says what is wrong with it.
    return path.endsWith('.db');
  }
  return head.toString('latin1') === 'SQLite format 3';
}

/** `pointsman replay --test outcomes.db`: policies on what a gateway logged, off-policy. */
export async function replayFromLog(path: string, flags: LogFlags): Promise<void> {
  const refuse = (flag: string, why: string): never => {
    throw new PointsmanError('invalid_config', `--${flag}: ${why}`, { param: flag });
  };
  if (flags.train !== undefined) {
    refuse('train', 'a log is evaluated with the predictions that were logged; leave it out, or give another --test.');
  }
  const { out, route, policy, lambda, resamples = 0, seed } = flags;
  if (out !== undefined) checkReportFolder(out);
  const asked: LogManifestOptions = {
    test: path,
    ...(route === undefined ? {} : { route }),
    ...(policy === undefined ? {} : { policies: [...policy] }),
    lambda,
    resamples,
    ...(seed === undefined ? {} : { seed }),
  };
  const result = await runLog(asked);
  if (out !== undefined) writeLog(out, result, asked, version());
  if (flags.json === true) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  else process.stdout.write(formatLog(result) + reportLine(out));
}
