import { Command } from 'commander';
import { runTrain, type TrainResult } from '../replay/train.ts';
import { list, wholeNumber } from './numbers.ts';
import { progressBar } from './progress-bar.ts';

interface TrainFlags {
  readonly data: string;
  readonly out: string;
  readonly estimator?: readonly string[];
  readonly seed?: string;
  readonly folds?: number;
}

/** `pointsman train`: data in, artefact out. */
export function trainCommand(): Command {
  return new Command('train')
    .description('Learn quality and cost from data; settings are chosen by cross-validation inside it.')
    .requiredOption('--data <path>', "what to learn from, in RouterBench's wide layout: CSV, CSV.gz, or a folder")
    .requiredOption('--out <folder>', 'where the artefact goes; one that is there is replaced')
    .option('-e, --estimator <names>', 'what to fit, by comma or repeated (default: knn,ridge)', list)
    .option('--seed <text>', 'of splits, folds and resamples')
    .option('--folds <number>', 'of the cross-validation (default: 5)', wholeNumber(2))
    .action(async (flags: TrainFlags) => {
      const bar = progressBar();
      const result = await runTrain(
        { data: flags.data, out: flags.out, estimators: flags.estimator, seed: flags.seed, folds: flags.folds },
        bar.onProgress,
      ).finally(bar.stop);
      process.stdout.write(summary(result));
    });
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
