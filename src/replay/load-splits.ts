import { PointsmanError } from '../core/errors.ts';
import { collectDataset, rowCount, type Dataset } from './datasets/dataset.ts';
import { alignModels, countSharedQuestions } from './datasets/match.ts';
import { openDataset } from './datasets/open-dataset.ts';
import { splitRows } from './datasets/split.ts';
import type { OnProgress } from './progress.ts';

export interface Splits {
  readonly train: Dataset;
  readonly test: Dataset;
  /** How the two came apart, for the report. */
  readonly how: string;
  readonly warnings: readonly string[];
}

/** Share of a set without a split of its own that is held out for testing. */
export const heldShare = 0.3;

/**
 * Reads both parts, with the same models in the same order. One file for both is split by a hash of the question.
 * Rejects with `invalid_data`; rows that ask in test what train asks too are counted in a warning.
 */
export async function loadSplits(
  trainPath: string,
  testPath: string,
  seed: string,
  onProgress: OnProgress,
): Promise<Splits> {
  onProgress({ stage: 'read', what: trainPath, done: 0, total: 2 });
  const opened = await openDataset(trainPath, 'train');
  const whole = await collectDataset(opened.reader);
  onProgress({ stage: 'read', what: testPath, done: 1, total: 2 });
  const openedTest = await openDataset(testPath, 'test');
  const splits =
    openedTest.file === opened.file
      ? splitWhole(whole, seed)
      : {
          train: whole,
          test: alignModels(await collectDataset(openedTest.reader), whole.models, opened.reader.source.name),
          how: `${opened.reader.source.name} trains, ${openedTest.reader.source.name} tests`,
        };
  onProgress({ stage: 'read', what: testPath, done: 2, total: 2 });
  const { train, test, how } = splits;
  if ((train.costUsd === null) !== (test.costUsd === null)) {
    const [without, other] = train.costUsd === null ? [train, test] : [test, train];
    throw new PointsmanError(
      'invalid_data',
      `${without.sources[0]?.name ?? without.name}: it has no cost, ${other.sources[0]?.name ?? other.name} has; give both or neither.`,
    );
  }
  const shared = countSharedQuestions(train, test);
  const warnings = [...new Set([...train.warnings, ...test.warnings])];
  if (shared > 0)
    warnings.push(`${shared} of ${rowCount(test)} test rows ask a question that the training rows ask too`);
  if (train.embeddedText !== test.embeddedText) {
    warnings.push(`train embeds the ${train.embeddedText}, test the ${test.embeddedText}`);
  }
  return { train, test, how, warnings };
}

/** For a set that comes in one piece. Throws `invalid_data` where it is too small for two parts. */
export function splitWhole(whole: Dataset, seed: string): { train: Dataset; test: Dataset; how: string } {
  const { rest, held } = splitRows(whole, heldShare, seed);
  const name = whole.sources[0]?.name ?? whole.name;
  if (rowCount(held) === 0 || rowCount(rest) === 0) {
    throw new PointsmanError(
      'invalid_data',
      `${name}: ${rowCount(whole)} rows are too few to split into train and test.`,
    );
  }
  const how = `${name} split by a hash of the question: ${rowCount(rest)} rows train, ${rowCount(held)} test`;
  return { train: rest, test: held, how };
}

/** Throws `invalid_data` where the owner of a set rules fitting out. */
export function refuseToFitOn(dataset: Dataset): void {
  const source = dataset.sources.find(({ use }) => use === 'evaluation-only');
  if (source === undefined) return;
  throw new PointsmanError(
    'invalid_data',
    `${source.name}: its rules allow evaluation only (use in meta.json), so nothing is fitted or tuned on it; train on another set.`,
  );
}
