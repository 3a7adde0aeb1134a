import { closeSync, openSync, readSync } from 'node:fs';
import { PointsmanError } from '../core/errors.ts';
import { replayLog } from '../replay/log/replay-log.ts';
import { formatLog } from '../replay/report/format-log.ts';
import { defaultSeed } from '../replay/replay.ts';
import { loadCatalogue } from '../routing/catalogue.ts';
import { parseNamed } from './replay-online.ts';

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
  if (flags.out !== undefined) refuse('out', 'there is no page for a log; use --json.');
  const result = replayLog({
    path,
    route: flags.route ?? null,
    policies: flags.policy?.map(parseNamed),
    lambda: flags.lambda,
    resamples: flags.resamples ?? 0,
    seed: flags.seed ?? defaultSeed,
    catalogue: await loadCatalogue(),
  });
  process.stdout.write(flags.json === true ? `${JSON.stringify(result, null, 2)}\n` : formatLog(result));
}
