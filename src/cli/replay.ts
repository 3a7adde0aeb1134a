import { homedir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { PointsmanError } from '../core/errors.ts';
import { checkReportFolder } from '../replay/report/write-report.ts';
import { formatReplay } from '../replay/report/format-replay.ts';
import { formatTimings } from '../replay/report/format-timings.ts';
import { runReplay, type ReplayTiming } from '../replay/replay.ts';
import type { ReplayManifestOptions } from '../replay/report/manifest.ts';
import { replayOptions, writeReplay } from '../replay/report/run-manifest.ts';
import { everyEstimator, everyPolicy } from './every-name.ts';
import { list, wholeNumber } from './numbers.ts';
import { progressBar } from './progress-bar.ts';
import { reportLine } from './report-line.ts';
import { replayOnline, withOnlineFlags, type OnlineFlags } from './replay-online.ts';
import { isLog, replayFromLog } from './replay-log.ts';
import { refuseOtherModes } from './replay-modes.ts';
import { version } from './version.ts';

interface ReplayFlags extends OnlineFlags {
  readonly train?: string;
  readonly test?: string;
  readonly artefact?: string;
  readonly policy?: readonly string[];
  readonly estimator?: readonly string[];
  readonly predictions?: readonly string[];
  readonly embeddings?: readonly string[];
  readonly models?: readonly string[];
  readonly cost?: string;
  readonly pool?: string;
  readonly protocol?: string;
  readonly strong?: string;
  readonly weak?: string;
  readonly route?: string;
  readonly strict?: boolean;
  readonly seed?: string;
  readonly resamples?: number;
  readonly folds?: number;
  readonly threads?: number;
  readonly execTimeout?: number;
  readonly cache: string | boolean;
  readonly text: boolean;
  readonly json?: boolean;
  readonly out?: string;
}

/** Where embeddings are kept unless told otherwise. */
export function defaultCache(): string {
  const home = homedir();
  if (process.platform === 'darwin') return join(home, 'Library', 'Caches', 'pointsman');
  if (process.platform === 'win32') return join(home, 'AppData', 'Local', 'pointsman', 'cache');
  return join(home, '.cache', 'pointsman');
}

/** `pointsman replay`: policies on a data set whose outcomes are known. */
export function replayCommand(): Command {
  return withOnlineFlags(new Command('replay'))
    .description('Compare routers on data: cost-quality curve, AIQ, zero router, best single model, oracle; a report.')
    .option('--train <path>', 'data to learn from: a file or a folder (docs/replay.md lists the formats)')
    .option(
      '--test <path>',
      'data to be judged on; default: the test part of --train; the log of a gateway is judged off-policy',
    )
    .option('--artefact <folder>', 'replay what pointsman train wrote, as it is, instead of training')
    .option(
      '-p, --policy <names>',
      'policies, by comma or repeated, or all; exec:COMMAND runs a program (default: cost-aware)',
      policies,
    )
    .option(
      '-e, --estimator <names>',
      'what predicts, by comma or repeated, or all; none for no one (default: knn,ridge)',
      list,
    )
    .option('--predictions <files>', "somebody else's estimates or choices, by sample_id: CSV, JSONL or Parquet", list)
    .option('--embeddings <files>', 'your own vectors, .npy: a row for each query, training part first', list)
    .option('--models <names>', 'only these models, by comma', list)
    .option('--cost <attribute>', 'what counts as cost instead of dollars, e.g. energy_joules')
    .option('--pool <path>', "which of RouterEval's pools, as easy/5/strong_to_weak")
    .option('--protocol <name>', 'file, hash, kfold:5, resplit:10, group, model:50 or time (default: file)')
    .option('--strong <model>', 'for PGR, APGR and CPT (default: the best single model of the test rows)')
    .option('--weak <model>', 'for PGR, APGR and CPT (default: the cheapest)')
    .option('--route <name>', 'where --test is the log of a gateway: whose requests')
    .option('--strict', 'refuse questions that are in train and in test')
    .option('--seed <text>', 'of splits, folds, resamples and decisions')
    .option('--resamples <number>', 'of the bootstrap; 0 for no intervals', wholeNumber(0))
    .option('--folds <number>', 'of choosing settings inside the training rows (default: 5)', wholeNumber(2))
    .option('--threads <number>', 'to work on; the result is the same with any number', wholeNumber(1))
    .option('--exec-timeout <seconds>', 'for one answer of a program (default: 30)', wholeNumber(1))
    .option('--cache <folder>', 'where embeddings are kept', defaultCache())
    .option('--no-cache', 'embed anew')
    .option('--no-text', 'leave the texts of queries out of the report')
    .option('--json', 'everything, as JSON')
    .option('--out <folder>', 'write the report: report.html, result.json, CSV, table.tex, manifest.json')
    .action(async (flags: ReplayFlags, command: Command) => {
      if (flags.online === true) {
        refuseOtherModes(command, 'online');
        return replayOnline(onlineOnly(flags));
      }
      if (isLog(flags.test)) {
        // Why not --train is said better there.
        if (flags.train === undefined) refuseOtherModes(command, 'log');
        return replayFromLog(flags.test, flags);
      }
      refuseOtherModes(command, 'data');
      if (flags.out !== undefined) checkReportFolder(flags.out);
      const [policy, estimator] = [await everyPolicy(flags.policy), await everyEstimator(flags.estimator)];
      const asked = manifestOptions({
        ...flags,
        ...(policy === undefined ? {} : { policy }),
        ...(estimator === undefined ? {} : { estimator }),
      });
      const timings: ReplayTiming[] = [];
      const bar = progressBar();
      const result = await runReplay(
        {
          ...replayOptions(asked),
          threads: flags.threads,
          cache: typeof flags.cache === 'string' ? flags.cache : undefined,
        },
        bar.onProgress,
        (timing) => timings.push(timing),
      ).finally(bar.stop);
      if (flags.out !== undefined) await writeReplay(flags.out, result, asked, version());
      if (flags.json === true) {
        process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
        return;
      }
      process.stdout.write(formatReplay(result) + formatTimings(timings) + reportLine(flags.out));
    });
}

function onlineOnly(flags: ReplayFlags): ReplayFlags & { readonly train: string } {
  const { train } = flags;
  if (train !== undefined) return { ...flags, train };
  throw new PointsmanError('invalid_config', 'replay --online needs --train.', { param: 'train' });
}

/** Commas part names, but not inside a command. */
function policies(text: string, before: readonly string[] | undefined): readonly string[] {
  return text.startsWith('exec:') ? [...(before ?? []), text] : list(text, before);
}

/** All that decides what comes out, and nothing else. */
function manifestOptions(flags: ReplayFlags): ReplayManifestOptions {
  const { train, test, artefact, policy, estimator, predictions, embeddings, models, cost, protocol, strict, seed } =
    flags;
  return {
    ...(train === undefined ? {} : { train }),
    ...(test === undefined ? {} : { test }),
    ...(artefact === undefined ? {} : { artefact }),
    ...(policy === undefined ? {} : { policies: [...policy] }),
    ...(estimator === undefined ? {} : { estimators: estimator.filter((name) => name !== 'none') }),
    ...(predictions === undefined ? {} : { predictions: [...predictions] }),
    ...(embeddings === undefined ? {} : { embeddings: [...embeddings] }),
    ...(models === undefined ? {} : { models: [...models] }),
    ...(cost === undefined ? {} : { cost }),
    ...(flags.pool === undefined ? {} : { pool: flags.pool }),
    ...(protocol === undefined ? {} : { protocol }),
    ...(flags.strong === undefined ? {} : { strong: flags.strong }),
    ...(flags.weak === undefined ? {} : { weak: flags.weak }),
    ...(strict === undefined ? {} : { strict }),
    ...(seed === undefined ? {} : { seed }),
    ...(flags.resamples === undefined ? {} : { resamples: flags.resamples }),
    ...(flags.folds === undefined ? {} : { folds: flags.folds }),
    ...(flags.execTimeout === undefined ? {} : { exec_timeout_seconds: flags.execTimeout }),
    ...(flags.text ? {} : { texts: false }),
  };
}
