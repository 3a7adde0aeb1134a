import { headText, labelText, sampleText } from './series.ts';

/** What the calls to the targets look like now; read at every scrape. Names are configured ones. */
export interface UpstreamState {
  readonly loads: readonly {
    readonly target: string;
    readonly calls: number;
    readonly reported: { readonly running: number; readonly waiting: number; readonly cacheUse: number | null } | null;
  }[];
  readonly gates: readonly {
    readonly target: string;
    readonly running: number;
    readonly waiting: number;
    readonly waited: number;
    readonly waitedMs: number;
    readonly refused: number;
  }[];
  readonly hedges: ReadonlyMap<string, { readonly sent: number; readonly won: number; readonly lost: number }>;
  readonly checks: ReadonlyMap<string, boolean>;
  readonly cooling: readonly string[];
}

type Sample = readonly [label: string, value: number];

/** Prometheus text. A series without samples (nobody hedges, nothing is bounded) is left out. */
export function upstreamText({ loads, gates, hedges, checks, cooling }: UpstreamState): string {
  const reported = loads.flatMap(({ target, reported: told }) => (told === null ? [] : [{ target, ...told }]));
  const byTarget = <Row extends { readonly target: string }>(rows: readonly Row[], value: (row: Row) => number) =>
    rows.map((row): Sample => [row.target, value(row)]);
  const ofTargets = (name: string, type: string, help: string, samples: readonly Sample[]): string =>
    family(`pointsman_target_${name}`, type, help, 'target', samples);
  const ofRoutes = (kind: 'sent' | 'won' | 'lost', help: string): string =>
    family(
      `pointsman_hedges_${kind}_total`,
      'counter',
      help,
      'route',
      [...hedges].map(([route, counts]): Sample => [route, counts[kind]]),
    );
  return [
    ofTargets(
      'calls',
      'gauge',
      'Our own calls under way, where targets are balanced by load.',
      byTarget(loads, ({ calls }) => calls),
    ),
    ofTargets(
      'reported_running',
      'gauge',
      'Requests that the server says it works on.',
      byTarget(reported, ({ running }) => running),
    ),
    ofTargets(
      'reported_waiting',
      'gauge',
      'Requests that the server says wait in it.',
      byTarget(reported, ({ waiting }) => waiting),
    ),
    ofTargets(
      'reported_cache_use',
      'gauge',
      'Share of its key-value cache that the server says is in use.',
      reported.flatMap(({ target, cacheUse }): Sample[] => (cacheUse === null ? [] : [[target, cacheUse]])),
    ),
    ofTargets(
      'gate_running',
      'gauge',
      'Calls that hold a slot of the capacity.',
      byTarget(gates, ({ running }) => running),
    ),
    ofTargets(
      'gate_waiting',
      'gauge',
      'Calls that wait for a slot.',
      byTarget(gates, ({ waiting }) => waiting),
    ),
    ofTargets(
      'gate_waited_total',
      'counter',
      'Calls that had to wait, however that ended.',
      byTarget(gates, ({ waited }) => waited),
    ),
    ofTargets(
      'gate_wait_seconds_total',
      'counter',
      'How long they waited, together.',
      byTarget(gates, ({ waitedMs }) => waitedMs / 1_000),
    ),
    ofTargets(
      'gate_refused_total',
      'counter',
      'Calls that were turned away: full, too late, or pushed out.',
      byTarget(gates, ({ refused }) => refused),
    ),
    ofTargets(
      'healthy',
      'gauge',
      '1 while its health checks let calls through.',
      [...checks].map(([target, lives]): Sample => [target, lives ? 1 : 0]),
    ),
    ofTargets(
      'cooling',
      'gauge',
      '1 while calls or checks keep it out.',
      cooling.map((target): Sample => [target, 1]),
    ),
    ofRoutes('sent', 'Second calls that were sent beside a slow first one.'),
    ofRoutes('won', 'Of these, those that answered or went on alone.'),
    ofRoutes('lost', 'Of these, those that were in vain.'),
  ].join('');
}

function family(name: string, type: string, help: string, label: string, samples: readonly Sample[]): string {
  if (samples.length === 0) return '';
  const lines = samples.map(([value, number]) => sampleText(name, labelText([label], [value]), number));
  return headText(name, help, type) + lines.join('');
}
