import { Command, InvalidArgumentError } from 'commander';
import { PointsmanError } from '../core/errors.ts';
import { openDecisionLog } from '../outcomes/log.ts';
import { evaluateLog, type Evaluated } from '../replay/log/evaluate-log.ts';
import { routedLog, type RoutedLog } from '../replay/log/log-choices.ts';
import { targetPolicy } from '../replay/log/target-chances.ts';
import type { Estimate } from '../replay/off-policy/estimate.ts';
import { textTable } from '../replay/report/text-table.ts';
import { loadCatalogue } from '../routing/catalogue.ts';
import { list, wholeNumber } from './numbers.ts';

interface EvaluateFlags {
  readonly fromLog: string;
  readonly policy: string;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly route?: string;
  readonly lambda?: number;
  readonly epsilon: number;
  readonly policyDirs?: readonly string[];
  readonly resamples: number;
  readonly seed: string;
  readonly json?: boolean;
}

/** Utility where neither flag nor log names a price of quality. */
const usualLambda = 50;

/** `pointsman evaluate`: what another policy would have cost and scored on the requests of a log. */
export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description(
      'What another policy would have cost and scored: off-policy, from the log of a gateway. Calls no model.',
    )
    .requiredOption('--from-log <file>', 'the outcome database (storage.path); a gateway may be using it')
    .requiredOption('-p, --policy <name>', 'the policy to evaluate')
    .option('--options <json>', 'its options, e.g. \'{"lambda": 100}\'', jsonMap)
    .option('--route <name>', 'whose requests (needed where the log has several routes)')
    .option('--lambda <number>', 'quality per dollar, for the policy and for utility', amount)
    .option('--epsilon <share>', 'exploration of the route on top of the policy', amount, 0)
    .option('--policy-dirs <folders>', 'where your own policies lie', list)
    .option('--resamples <number>', 'bootstrap SNIPS too', wholeNumber(0), 0)
    .option('--seed <text>', 'of folds and resamples', 'evaluate')
    .option('--json', 'as JSON')
    .action(async (flags: EvaluateFlags) => {
      const { log, figures, remembers, lambda } = await evaluateFromLog(flags);
      if (flags.json === true) {
        const { route, leftOut, models } = log;
        const what = { policy: flags.policy, options: flags.options ?? {}, epsilon: flags.epsilon, lambda, remembers };
        process.stdout.write(`${JSON.stringify({ route, ...what, models, leftOut, figures }, null, 2)}\n`);
        return;
      }
      process.stdout.write(evaluationText(flags.policy, log, figures, remembers, lambda));
    });
}

/** Throws `invalid_data` or `invalid_config`. */
export async function evaluateFromLog(flags: Omit<EvaluateFlags, 'json'>): Promise<{
  log: RoutedLog;
  figures: readonly Evaluated[];
  remembers: boolean;
  lambda: number;
}> {
  if (flags.epsilon > 1) throw new PointsmanError('invalid_request', `--epsilon is ${flags.epsilon}; it is a share.`);
  const catalogue = await loadCatalogue({ policyDirs: flags.policyDirs });
  const opened = openDecisionLog(flags.fromLog);
  try {
    const log = routedLog(opened.decisions(), flags.route ?? null, flags.fromLog);
    const { policy: name, options = {}, epsilon } = flags;
    const target = targetPolicy({ name, options, epsilon, lambda: flags.lambda ?? null }, log.models, catalogue);
    const lambda = flags.lambda ?? log.rows.find((row) => row.lambda !== null)?.lambda ?? usualLambda;
    const { resamples, seed } = flags;
    return { log, figures: evaluateLog(log, target, { lambda, resamples, seed }), remembers: target.remembers, lambda };
  } finally {
    opened.close();
  }
}

function evaluationText(
  policy: string,
  { route, rows, leftOut }: RoutedLog,
  figures: readonly Evaluated[],
  remembers: boolean,
  lambda: number,
): string {
  const lines = figures.map(({ figure, requests, logged, result }) => {
    const write = figure === 'cost' ? dollars : number;
    const known = logged === null ? '-' : interval(logged, write);
    if (result === null) return [figure, `${requests}`, known, 'nothing known', '', '', ''];
    if (result.type === 'no_support') return [figure, `${requests}`, known, 'no support', '', '', ''];
    return [
      figure,
      `${requests}`,
      known,
      interval(result.ips, write),
      interval(result.snips, write),
      result.doublyRobust === null ? '-' : interval(result.doublyRobust, write),
      result.effectiveSampleSize.toFixed(0),
    ];
  });
  const notes = [
    ...new Set(
      figures.flatMap(({ result }) => {
        if (result === null) return [];
        if (result.type === 'no_support') return [result.reason];
        return result.caution === null ? [] : [result.caution];
      }),
    ),
    ...(remembers ? [`${policy} learns as it serves; here it decides as it begins and learns nothing.`] : []),
  ];
  const head = ['per request', 'known', 'as logged', 'IPS', 'SNIPS', 'doubly robust', 'ESS'];
  return (
    `${policy} on ${rows.length} requests of route ${route} ` +
    `(left out: ${leftOut.pinned} that named their model, ${leftOut.fallback} answered by a fallback)\n\n` +
    `${textTable(head, lines)}\n\nutility = quality - ${lambda} x cost; [95 % intervals]; ESS: plain observations the log is worth.\n` +
    notes.map((note) => `! ${note}\n`).join('')
  );
}

const number = (value: number): string => value.toFixed(4);
const dollars = (value: number): string => `$${value.toPrecision(4)}`;
const interval = ({ value, low, high }: Estimate, write: (value: number) => string): string =>
  `${write(value)} [${write(low)}, ${write(high)}]`;

function amount(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value < Infinity))
    throw new InvalidArgumentError('Expected a number from 0 up.');
  return value;
}

function jsonMap(text: string): Readonly<Record<string, unknown>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new InvalidArgumentError('Expected JSON, e.g. \'{"lambda": 100}\'.');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new InvalidArgumentError('Expected a JSON object, e.g. \'{"lambda": 100}\'.');
  }
  return { ...parsed };
}
