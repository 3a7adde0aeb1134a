import { Command } from 'commander';
import { PointsmanError } from '../core/errors.ts';
import type { OnProgress } from '../replay/progress.ts';
import { defaultEstimators, defaultSeed } from '../replay/replay.ts';
import { trainFromLog } from '../replay/train-log.ts';
import { runTrain, type TrainResult } from '../replay/train.ts';
import { embedderHelp, withEmbedderOf } from './configured-embedder.ts';
import { everyEstimator } from './every-name.ts';
import { list, wholeNumber } from './numbers.ts';
import { progressBar } from './progress-bar.ts';

interface TrainFlags {
  readonly data?: string;
  readonly fromLog?: string;
  readonly route?: string;
  readonly models?: readonly string[];
  readonly pool?: string;
  readonly config?: string;
  readonly out: string;
  readonly estimator?: readonly string[];
  readonly seed?: string;
  readonly folds?: number;
  readonly threads?: number;
}

/** `pointsman train`: data in, artefact out. */
export function trainCommand(): Command {
  return new Command('train')
    .description('Learn quality and cost from data; settings are chosen by cross-validation inside it.')
    .option('--data <path>', 'what to learn from: a file or a folder (`pointsman datasets` tells which are known)')
    .option('--models <names>', 'with --data: only these models, by comma', list)
    .option('--pool <path>', "with --data: which of RouterEval's pools, as easy/5/strong_to_weak")
    .option('--from-log <file>', "in place of --data: a gateway's own outcomes (storage.path), weighed by propensity")
    .option('--route <name>', 'with --from-log: only requests of this route')
    .option('-c, --config <file>', `with --data: ${embedderHelp}`)
    .requiredOption('--out <folder>', 'where the artefact goes; one that is there is replaced')
    .option('-e, --estimator <names>', 'what to fit, by comma or repeated, or "all" (default: knn,ridge)', list)
    .option('--seed <text>', 'of splits, folds and resamples')
    .option('--folds <number>', 'of the cross-validation (default: 5)', wholeNumber(2))
    .option('--threads <number>', 'to work on; the artefact is the same with any number', wholeNumber(1))
    .action(async (flags: TrainFlags) => {
      const bar = progressBar();
      const unwatch = stopQuietly();
      const result = await train(flags, bar.onProgress).finally(() => {
        bar.stop();
        unwatch();
      });
      process.stdout.write(summary(result));
    });
}

async function train(flags: TrainFlags, onProgress: OnProgress): Promise<TrainResult> {
  const { data, fromLog, route, out, seed, folds, threads } = flags;
  if ((data === undefined) === (fromLog === undefined)) {
    throw new PointsmanError('invalid_request', 'train learns from one thing: name --data or --from-log.');
  }
  const estimators = await everyEstimator(flags.estimator);
  if (data !== undefined) {
    if (route !== undefined) throw new PointsmanError('invalid_request', '--route goes with --from-log only.');
    const { models, pool } = flags;
    return await withEmbedderOf(
      flags.config,
      async (embedder) =>
        await runTrain({ data, models, pool, embedder, out, estimators, seed, folds, threads }, onProgress),
    );
  }
  if (flags.models !== undefined || flags.pool !== undefined || flags.config !== undefined) {
    throw new PointsmanError('invalid_request', '--models, --pool and --config go with --data only.');
  }
  const names = estimators ?? defaultEstimators;
  return await trainFromLog(
    { log: fromLog ?? '', route, out, estimators: names, seed: seed ?? defaultSeed, threads },
    onProgress,
  );
}

/** An artefact appears whole at the end: to stop before is to leave things as they were. */
function stopQuietly(): () => void {
  const stop = (): void => {
    process.stderr.write('\nstopped; nothing was written\n');
    // The threads die with the process.
    process.exit(130);
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  return () => {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  };
}

function summary({ out, manifest, warnings }: TrainResult): string {
  const figures = manifest.figures.map(
    ({ estimator, name, interval, rows }) =>
      `  ${estimator}: ${name} ${interval.value.toFixed(4)} (95 % ${interval.low.toFixed(4)} to ${interval.high.toFixed(4)}, ${rows} queries)`,
  );
  return `${[
    ...warnings.map((warning) => `warning: ${warning}`),
    `${out}: ${[...new Set(manifest.states.map((state) => state.estimator))].join(', ')} for ${manifest.models.length} models; recommended: ${manifest.recommended}`,
    ...figures,
    `Its README.md says what it learned from and how to serve it.`,
  ].join('\n')}\n`;
}
