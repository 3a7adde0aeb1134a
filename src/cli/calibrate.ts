import { Command, InvalidArgumentError } from 'commander';
import { loadArtefact } from '../artefacts/load-artefact.ts';
import { assembleRouting, type Routing } from '../app/routing.ts';
import type { Config } from '../config/config.ts';
import { loadUsualConfig } from '../config/usual-config.ts';
import { PointsmanError } from '../core/errors.ts';
import { openDecisionLog } from '../outcomes/log.ts';
import { calibrate, type Calibration } from '../replay/calibrate/calibrate.ts';
import type { Goal, PairRows } from '../replay/calibrate/choose-threshold.ts';
import { pairOf, pairRowsOf, pairRowsOfLog, type Pair } from '../replay/calibrate/pair-rows.ts';
import { collectDataset, takeRows, type Dataset } from '../replay/datasets/dataset.ts';
import { openDataset } from '../replay/datasets/open-dataset.ts';
import { questionKey } from '../replay/datasets/question-key.ts';
import { embedDataset } from '../replay/embedded.ts';
import type { Interval } from '../replay/metrics/bootstrap.ts';
import type { OnProgress } from '../replay/progress.ts';
import { textTable } from '../replay/report/text-table.ts';
import { isThresholdPolicy } from '../routing/policy-reference.ts';
import { progressBar } from './progress-bar.ts';
import { recall } from './recall.ts';

interface CalibrateFlags {
  readonly config?: string;
  readonly route?: string;
  readonly data?: string;
  readonly fromLog?: string;
  readonly strongShare?: number;
  readonly quality?: number;
  readonly keepSeen?: boolean;
  readonly seed: string;
  readonly json?: boolean;
}

/** `pointsman calibrate`: a wish into a threshold, on the user's own queries. */
export function calibrateCommand(): Command {
  return new Command('calibrate')
    .description('The threshold of a route that sends a share of your queries to the strong model, or keeps a quality.')
    .option('-c, --config <file>', 'the YAML, found as for serve')
    .option('--route <name>', 'under the policy routellm or threshold; may be left out where there is one')
    .option('--data <path>', 'your queries, as for replay; with outcomes of both models it tells what to expect')
    .option('--from-log <file>', "in place of --data: requests of the route in a gateway's log (storage.path)")
    .option('--strong-share <share>', 'of the queries, that the strong model gets: 0.3', share)
    .option('--quality <share>', "of the strong model's quality, that has to be kept: 0.95", share)
    .option('--keep-seen', 'count rows that the artefact of the route learned from, too')
    .option('--seed <text>', 'of the halves', 'calibrate')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
The threshold is chosen on all rows. What to expect is found by choosing on one half and measuring on the other, a
hundred times. Queries other than yours may fall elsewhere: calibrate on what your users ask. Calls no model, and
writes no file.

  pointsman calibrate --data mine.csv --strong-share 0.3
  pointsman calibrate --data mine.csv --quality 0.95
  pointsman calibrate --from-log outcomes.db --strong-share 0.3`,
    )
    .action(async (flags: CalibrateFlags) => {
      const bar = progressBar();
      const calibrated = await calibrateRoute(flags, bar.onProgress).finally(() => bar.stop());
      process.stdout.write(flags.json === true ? json(calibrated) : text(calibrated));
    });
}

/** What the command found, and on what. */
interface Calibrated {
  readonly pair: Pair;
  readonly goal: Goal;
  /** Rows that the artefact learned from. */
  readonly leftOut: number;
  readonly found: Calibration;
}

/** Rejects with `invalid_request`, `invalid_config` and `invalid_data`. */
export async function calibrateRoute(
  flags: Omit<CalibrateFlags, 'json'>,
  onProgress: OnProgress = () => undefined,
): Promise<Calibrated> {
  const goal = goalOf(flags);
  const { pair, rows, leftOut, warnings } = await read(flags, onProgress);
  const found = calibrate(rows, goal, pair.range, flags.seed);
  return { pair, goal, leftOut, found: { ...found, warnings: [...warnings, ...found.warnings] } };
}

function share(written: string): number {
  const value = Number(written);
  if (written.trim() === '' || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError('Expected a share from 0 to 1.');
  return value;
}

function goalOf({ strongShare, quality }: CalibrateFlags): Goal {
  if (strongShare !== undefined && quality === undefined) return { type: 'share', share: strongShare };
  if (quality !== undefined && strongShare === undefined) return { type: 'quality', ratio: quality };
  throw new PointsmanError('invalid_request', 'calibrate aims at one thing: name --strong-share or --quality.');
}

interface Read {
  readonly pair: Pair;
  readonly rows: PairRows;
  /** Rows that the artefact learned from. */
  readonly leftOut: number;
  readonly warnings: readonly string[];
}

async function read(flags: CalibrateFlags, onProgress: OnProgress): Promise<Read> {
  const { data, fromLog } = flags;
  if ((data === undefined) === (fromLog === undefined)) {
    throw new PointsmanError('invalid_request', 'calibrate needs queries: name --data or --from-log.');
  }
  const config = loadUsualConfig(flags.config ?? null);
  const routing = await assembleRouting(config, () => undefined);
  try {
    const pair = pairOf(routeNamed(routing, flags.route ?? null));
    await recall(config, routing);
    if (data !== undefined) return await readData(data, flags.keepSeen === true, pair, config, routing, onProgress);
    const log = openDecisionLog(fromLog ?? '');
    try {
      const rows = pairRowsOfLog(pair, log.decisions(), routing.embedder.id);
      return { pair, rows, leftOut: 0, warnings: [] };
    } finally {
      log.close();
    }
  } finally {
    await routing.embedder.close?.();
  }
}

function routeNamed({ router }: Routing, name: string | null) {
  const able = [...router.routes.values()].filter(({ policy }) => isThresholdPolicy(policy.name));
  const route = name === null && able.length === 1 ? able[0] : router.routes.get(name ?? '');
  if (route !== undefined) return route;
  const names = able.map((each) => each.name).join(', ') || 'none is under routellm or threshold';
  const why = name === null ? 'name a --route' : `there is no route "${name}"`;
  throw new PointsmanError('invalid_request', `${why}; those with a threshold: ${names}.`);
}

async function readData(
  path: string,
  keepSeen: boolean,
  pair: Pair,
  config: Config,
  routing: Routing,
  onProgress: OnProgress,
): Promise<Read> {
  const whole = await collectDataset((await openDataset(path, 'all')).reader);
  const known = learnedFrom(pair, config);
  const fresh = [...whole.texts.keys()].filter((row) => known?.has(questionKey(whole.texts[row] ?? '')) !== true);
  const seen = whole.texts.length - fresh.length;
  if (fresh.length === 0 && !keepSeen) {
    throw new PointsmanError(
      'invalid_data',
      `${path}: the artefact of the route learned from every row, and does better on them than it will on others; keep ` +
        'some rows apart when you train, or say --keep-seen.',
    );
  }
  const dataset: Dataset = keepSeen || seen === 0 ? whole : takeRows(whole, fresh);
  const rows = pairRowsOf(pair, await embedDataset(dataset, routing.embedder, onProgress));
  const counted = keepSeen && seen > 0;
  return {
    pair,
    rows,
    leftOut: keepSeen ? 0 : seen,
    warnings: [
      ...whole.warnings,
      ...(counted ? [`the artefact learned from ${seen} of the rows: others will fare worse`] : []),
      ...(rows.quality === null
        ? [`${path} does not know both ${pair.strong} and ${pair.weak}: no quality is told`]
        : []),
    ],
  };
}

/** Keys of the questions that the route's estimator of quality was trained on; null where nobody knows. */
function learnedFrom({ route }: Pair, config: Config): ReadonlySet<number> | null {
  const entry = config.estimators.find(({ name }) => name === route.estimators.quality?.name);
  if (entry === undefined || entry.artefactPath === null) return null;
  return loadArtefact(entry.artefactPath).questionKeys();
}

function json({ pair: { route, policy, strong, weak }, goal, leftOut, found }: Calibrated): string {
  return `${JSON.stringify({ route: route.name, policy, strong, weak, goal, leftOut, ...found }, null, 2)}\n`;
}

function text({ pair: { route, policy, strong, weak }, leftOut, found }: Calibrated): string {
  const { rows, expected, warnings, alone } = found;
  const threshold = plain(found.threshold);
  const given = typeof route.policy.options === 'object' ? route.policy.options : {};
  const policyLine = JSON.stringify({ type: policy, ...given, threshold: found.threshold }).replaceAll(
    /"(\w+)":/g,
    ' $1: ',
  );
  const seen = leftOut === 0 ? '' : `; ${leftOut} left out, since the artefact learned from them`;
  const line = (
    what: string,
    format: (value: number) => string,
    of: Interval | null,
    alone: readonly (number | null)[],
  ) =>
    of === null
      ? []
      : [
          [
            what,
            format(of.value),
            `${format(of.low)} to ${format(of.high)}`,
            ...alone.map((value) => (value === null ? '' : format(value))),
          ],
        ];
  const figures = [
    ...line('strong share', percent, expected.share, [1, 0]),
    ...line('quality', decimals, expected.quality, [alone.strong.quality, alone.weak.quality]),
    ...line('cost per query', usd, expected.costUsd, [alone.strong.costUsd, alone.weak.costUsd]),
  ];
  return `${[
    ...warnings.map((warning) => `warning: ${warning}`),
    `Route ${route.name}, ${policy}: threshold ${threshold}, chosen on ${rows} queries${seen}.`,
    '',
    textTable(['expected', '', '95 % interval', `${strong} alone`, `${weak} alone`], figures),
    '',
    'For the route, in the YAML:',
    `  policy: ${policyLine.replace(/}$/, ' }')}`,
    'For one request:',
    `  "model": "router-${route.name}-${threshold}"`,
  ].join('\n')}\n`;
}

/** Never with an exponent, which a model name does not take. */
const plain = (value: number): string => value.toFixed(12).replace(/\.?0+$/, '');
const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
const decimals = (value: number): string => value.toFixed(4);
const usd = (value: number): string => `$${value.toPrecision(3)}`;
