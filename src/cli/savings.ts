import { Command } from 'commander';
import { PointsmanError } from '../core/errors.ts';
import { openDecisionLog } from '../outcomes/log.ts';
import { measureSavings, type LeftOut, type RouteSavings } from '../replay/log/savings.ts';
import type { Interval } from '../replay/metrics/bootstrap.ts';
import { wholeNumber } from './numbers.ts';

interface SavingsFlags {
  readonly fromLog: string;
  readonly route?: string;
  readonly baseline?: string;
  readonly resamples: number;
  readonly seed: string;
  readonly json?: boolean;
}

/** `pointsman savings`: what observe mode found, or what routing saves against one model for everything. */
export function savingsCommand(): Command {
  return new Command('savings')
    .description('Actual and counterfactual spend, and the predicted change of quality, from the log of a gateway.')
    .requiredOption('--from-log <file>', 'the outcome database (storage.path); a gateway may be using it')
    .option('--route <name>', 'only this route')
    .option(
      '--baseline <model>',
      'compare what was routed with this model for everything (default: what observing routes saw)',
    )
    .option('--resamples <number>', 'of the bootstrap', wholeNumber(0), 1000)
    .option('--seed <text>', 'of the resamples', 'savings')
    .option('--json', 'as JSON')
    .action((flags: SavingsFlags) => {
      const { baseline = null, resamples, seed } = flags;
      const routes = savingsFromLog(flags.fromLog, flags.route ?? null, { baseline, resamples, seed });
      process.stdout.write(
        flags.json === true
          ? `${JSON.stringify({ basis: 'model-based', baseline, resamples, seed, routes }, null, 2)}\n`
          : routes.map((each) => savingsText(each, baseline)).join('\n'),
      );
    });
}

/** Routes with something to compare. Throws `invalid_data` where there is none, with what to do. */
export function savingsFromLog(
  path: string,
  route: string | null,
  options: Parameters<typeof measureSavings>[1],
): readonly RouteSavings[] {
  const log = openDecisionLog(path);
  try {
    const all = measureSavings(log.decisions(), options).filter((each) => route === null || each.route === route);
    const found = all.filter(({ compared }) => compared > 0);
    if (found.length > 0) return found;
    const of = route === null ? path : `${path}, route "${route}"`;
    const seen = all.map((each) => `${each.route}: ${leftOutText(each.leftOut)}`).join('; ');
    throw new PointsmanError(
      'invalid_data',
      `${of}: nothing to compare among ${all.reduce((sum, { requests }) => sum + requests, 0)} answered requests` +
        `${seen === '' ? '' : ` (${seen})`}. ` +
        (options.baseline === null
          ? 'Set "mode: observe" on a route and let requests name its models, or compare with --baseline MODEL.'
          : `Is "${options.baseline}" a model of the route, and does its policy read cost and quality?`),
    );
  } finally {
    log.close();
  }
}

const usd = (value: number): string => `$${value.toFixed(Math.abs(value) >= 100 ? 2 : Math.abs(value) >= 1 ? 3 : 6)}`;
const percent = (value: number): string => `${(value * 100).toFixed(1)} %`;
const points = (value: number): string => `${value > 0 ? '+' : ''}${(value * 100).toFixed(2)} points`;
const range = ({ value, low, high }: Interval, write: (value: number) => string): string =>
  Number.isNaN(low) ? write(value) : `${write(value)}  [${write(low)}, ${write(high)}]`;

function savingsText(each: RouteSavings, baseline: string | null): string {
  const other = baseline === null ? 'with Pointsman' : `all to ${baseline}`;
  return `Route ${each.route}: ${each.compared} of ${each.requests} answered requests compared${suffix(leftOutText(each.leftOut))}
  spent (measured)          ${range(each.actualUsd, usd)}
  ${`${other} (predicted)`.padEnd(25)} ${range(each.counterfactualUsd, usd)}
  saved                     ${range(each.savedUsd, usd)}
                            ${range(each.savedShare, percent)}
  change of quality         ${range(each.qualityChange, points)} (predicted, mean per request)
  same model either way     ${percent(each.sameModel)}
  MODEL-BASED: predictions of the route's estimators at decision time. The intervals (95 %, bootstrap by request) tell how much
  another sample of this traffic would differ, not how wrong the estimators are. Of what was spent they predicted
  ${usd(each.predictedActualUsd)}; their own deviation of one request's quality difference is ${(each.believedDeviation * 100).toFixed(2)} points.
`;
}

function leftOutText({ otherMode, unknownCost, fallback, unpredicted }: LeftOut): string {
  const parts = [
    [otherMode, 'of another mode'],
    [unknownCost, 'of unknown cost'],
    [fallback, 'answered by a fallback'],
    [unpredicted, 'without predictions for both sides'],
  ] as const;
  return parts.flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`])).join(', ');
}

const suffix = (text: string): string => (text === '' ? '' : ` (left out: ${text})`);
