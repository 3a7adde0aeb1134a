import { Command } from 'commander';
import { runReplay } from '../replay/replay.ts';
import { formatReplay } from '../replay/report/format-replay.ts';
import { list, wholeNumber } from './numbers.ts';
import { progressBar } from './progress-bar.ts';

interface ReplayFlags {
  readonly train: string;
  readonly test?: string;
  readonly policy?: readonly string[];
  readonly estimator?: readonly string[];
  readonly seed?: string;
  readonly resamples?: number;
  readonly json?: boolean;
}

/** `pointsman replay`: policies on a data set whose outcomes are known. */
export function replayCommand(): Command {
  return new Command('replay')
    .description('Compare policies on data: cost-quality curve, AIQ, zero router, best single model, oracle.')
    .requiredOption('--train <path>', "data to learn from, in RouterBench's wide layout: CSV, CSV.gz, or a folder")
    .option('--test <path>', 'data to be judged on; default: the test part of --train')
    .option('-p, --policy <names>', 'policies, by comma or repeated (default: cost-aware)', list)
    .option('-e, --estimator <names>', 'what predicts, by comma or repeated (default: knn,ridge)', list)
    .option('--seed <text>', 'of splits, folds, resamples and decisions')
    .option('--resamples <number>', 'of the bootstrap; 0 for no intervals', wholeNumber(0))
    .option('--json', 'everything, as JSON')
    .action(async (flags: ReplayFlags) => {
      const bar = progressBar();
      const result = await runReplay(
        {
          train: flags.train,
          test: flags.test ?? flags.train,
          policies: flags.policy?.map((name) => ({ name })),
          estimators: flags.estimator,
          seed: flags.seed,
          resamples: flags.resamples,
        },
        bar.onProgress,
      ).finally(bar.stop);
      process.stdout.write(flags.json === true ? `${JSON.stringify(result, null, 2)}\n` : formatReplay(result));
    });
}
