import { InvalidArgumentError, Option, type Command } from 'commander';
import { runOnline } from '../replay/online/run-online.ts';
import type { StartKind } from '../replay/online/online-run.ts';
import type { Scenario } from '../replay/online/scenario.ts';
import { formatOnline } from '../replay/report/format-online.ts';
import type { OnlineManifestOptions } from '../replay/report/manifest.ts';
import { onlineOptions, writeOnline } from '../replay/report/report-kinds.ts';
import { checkReportFolder } from '../replay/report/write-report.ts';
import { wholeNumber } from './numbers.ts';
import { progressBar } from './progress-bar.ts';
import { reportLine } from './report-line.ts';
import { version } from './version.ts';

/** Flags of `pointsman replay` that count with `--online` only. */
export interface OnlineFlags {
  readonly online?: boolean;
  readonly steps: number;
  readonly seeds: number;
  readonly lambda: number;
  readonly budget?: number;
  readonly epsilon: number;
  readonly segments: number;
  readonly start: StartKind;
  readonly order: Scenario['order'];
  readonly labelled: number;
  readonly delay: number;
  readonly poisoned: number;
  readonly event?: readonly string[];
}

interface SharedFlags {
  readonly train: string;
  readonly test?: string;
  readonly policy?: readonly string[];
  readonly estimator?: readonly string[];
  readonly seed?: string;
  readonly json?: boolean;
  readonly out?: string;
}

const within =
  (low: number, high: number) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= low && value <= high)) {
      throw new InvalidArgumentError(
        `Expected a number ${high === Infinity ? `from ${low} up` : `in [${low}, ${high}]`}.`,
      );
    }
    return value;
  };

/** Adds the flags; returns the command. */
export function withOnlineFlags(command: Command): Command {
  return command
    .option('--online', 'learn while serving: one request after another, only the chosen outcome is seen')
    .option('--steps <number>', 'with --online: requests; rows repeat', wholeNumber(1), 20_000)
    .option('--seeds <number>', 'with --online: runs', wholeNumber(1), 5)
    .option('--lambda <number>', 'with --online and of a log: quality per dollar', within(0, Infinity), 100)
    .option('--budget <usd>', 'with --online: dollars per request, kept by budget-paced', within(1e-12, Infinity))
    .option('--epsilon <share>', 'with --online: exploration of the route', within(0, 1), 0)
    .option(
      '--segments <number>',
      'with --online: of the sequence that dynamic regret compares with',
      wholeNumber(1),
      10,
    )
    .addOption(
      new Option('--start <how>', 'with --online: trained before, or not').choices(['warm', 'cold']).default('warm'),
    )
    .addOption(
      new Option('--order <how>', 'with --online: file is time order').choices(['random', 'file']).default('random'),
    )
    .option('--labelled <share>', 'with --online: requests that are ever labelled', within(1e-6, 1), 1)
    .option('--delay <steps>', 'with --online: until a label comes', wholeNumber(0), 0)
    .option('--poisoned <share>', 'with --online: labels that say the opposite', within(0, 1), 0)
    .option(
      '--event <event...>',
      'with --online: price:MODEL|*:FACTOR@STEP, price-unannounced:..., degrade:MODEL:QUALITY@STEP, arrive:MODEL@STEP, vanish:MODEL@STEP',
    );
}

/** `pointsman replay --online`. Policies and estimators may carry options: `linear-bayes?discount=0.99`. */
export async function replayOnline(flags: SharedFlags & OnlineFlags): Promise<void> {
  const { out, test, budget, seed } = flags;
  if (out !== undefined) checkReportFolder(out);
  const asked: OnlineManifestOptions = {
    train: flags.train,
    ...(test === undefined ? {} : { test }),
    policies: [...(flags.policy ?? ['linucb', 'linear-thompson', 'epsilon-greedy'])],
    estimators: [...(flags.estimator ?? ['linear-bayes'])],
    steps: flags.steps,
    seeds: flags.seeds,
    lambda: flags.lambda,
    ...(budget === undefined ? {} : { budget }),
    epsilon: flags.epsilon,
    segments: flags.segments,
    start: flags.start,
    order: flags.order,
    labelled: flags.labelled,
    delay: flags.delay,
    poisoned: flags.poisoned,
    events: [...(flags.event ?? [])],
    ...(seed === undefined ? {} : { seed }),
  };
  const bar = progressBar();
  const result = await runOnline(onlineOptions(asked), bar.onProgress).finally(bar.stop);
  if (out !== undefined) writeOnline(out, result, asked, version());
  if (flags.json === true) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  else process.stdout.write(formatOnline(result) + reportLine(out));
}
