import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Named } from '../replay/online/bed.ts';
import { runOnline } from '../replay/online/run-online.ts';
import type { StartKind } from '../replay/online/online-run.ts';
import { parseEvent, type Scenario } from '../replay/online/scenario.ts';
import { formatOnline } from '../replay/report/format-online.ts';
import { wholeNumber } from './numbers.ts';
import { progressBar } from './progress-bar.ts';

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
  const bar = progressBar();
  const result = await runOnline(
    {
      train: flags.train,
      test: flags.test ?? flags.train,
      policies: (flags.policy ?? ['linucb', 'linear-thompson', 'epsilon-greedy']).map(parseNamed),
      estimators: (flags.estimator ?? ['linear-bayes']).map(parseNamed),
      start: flags.start,
      scenario: {
        steps: flags.steps,
        order: flags.order,
        feedback: { share: flags.labelled, delay: flags.delay, poisoned: flags.poisoned },
        events: (flags.event ?? []).map(parseEvent),
      },
      lambda: flags.lambda,
      budgetUsd: flags.budget ?? null,
      epsilon: flags.epsilon,
      segments: flags.segments,
      seeds: flags.seeds,
      seed: flags.seed,
    },
    bar.onProgress,
  ).finally(bar.stop);
  process.stdout.write(flags.json === true ? `${JSON.stringify(result, null, 2)}\n` : formatOnline(result));
}

/** `linear-bayes?discount=0.99&alpha=3` to a name and its options; numbers are numbers. */
export function parseNamed(text: string): Named {
  const [name = '', query = ''] = text.split('?', 2);
  const options = [...new URLSearchParams(query)].map(([key, value]) => {
    const number = Number(value);
    return [key, value.trim() === '' || Number.isNaN(number) ? value : number] as const;
  });
  return { name, options: Object.fromEntries(options) };
}
