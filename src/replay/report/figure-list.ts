import type { Interval, ReachedInterval } from '../metrics/bootstrap.ts';
import type { ReplayResult, RunResult } from '../replay-result.ts';

/** `difference` is signed, `share` and `change` are percentages (the latter signed), `cost` is in the unit of the replay. */
export type FigureUnit = 'number' | 'difference' | 'share' | 'change' | 'cost';

/** One run's value of a figure. */
export interface FigureCell {
  /** Null: never reached. */
  readonly value: number | null;
  /** Null ends were never reached; absent where the figure has no interval. */
  readonly interval?: { readonly low: number | null; readonly high: number | null };
}

/** One figure of every run. */
export interface FigureRow {
  /** Heading that it stands under. */
  readonly family: string;
  readonly name: string;
  /** For CSV and other programs: never changes. */
  readonly key: string;
  readonly unit: FigureUnit;
  /** [runs]; null where a run has no such figure, and its `absent` says why. */
  readonly cells: readonly (FigureCell | null)[];
}

type Read = (run: RunResult) => FigureCell | null;

const withInterval = ({ value, low, high }: Interval | ReachedInterval): FigureCell => ({
  value,
  interval: { low, high },
});
const some = (interval: Interval | ReachedInterval | null | undefined): FigureCell | null =>
  interval === null || interval === undefined ? null : withInterval(interval);
const plain = (value: number | null | undefined): FigureCell | null =>
  value === null || value === undefined ? null : { value };

/** Every figure of a run but its plots and tables, in the order in which reports show them; rows that no run has are left out. */
export function figureRows({ runs, pair, resamples }: ReplayResult): readonly FigureRow[] {
  const rows: FigureRow[] = [];
  const family = (name: string) => (key: string, figure: string, unit: FigureUnit, read: Read) => {
    const cells = runs.map(read).map((cell) => (resamples === 0 && cell !== null ? { value: cell.value } : cell));
    if (cells.some((cell) => cell !== null)) rows.push({ family: name, name: figure, key, unit, cells });
  };

  const curve = family('Curve');
  curve('aiq', 'AIQ', 'number', ({ cost }) => some(cost?.aiq));
  curve('aiq_gain', 'AIQ − zero router', 'difference', ({ cost }) => some(cost?.gain));
  curve('aiq_code_form', 'AIQ, code form', 'number', ({ cost }) => plain(cost?.aiqCodeForm));
  curve('aiq_gain_macro', 'AIQ − zero, mean of eval names', 'difference', ({ cost }) => some(cost?.macro.gain));
  curve('top_quality', 'best quality', 'number', ({ top }) => plain(top.point.quality));
  curve('top_gain', 'best quality − best single', 'difference', ({ top }) => some(top.gainOverBestSingle));
  for (const share of [1, 0.99, 0.95]) {
    curve(`saved_at_${share * 100}`, `saves at ${share * 100} % of best single`, 'change', ({ cost }) =>
      some(cost?.savings.find((saving) => saving.share === share)?.interval),
    );
  }
  curve('deferral_area', 'deferral area', 'number', ({ others }) => some(others.curve?.deferralArea));
  curve('qnc', 'QNC', 'share', ({ others }) => some(others.curve?.qualityNeutralCost));

  const between = family(`Between ${pair.strong.model} and ${pair.weak.model}`);
  between('pgr', 'PGR at best quality', 'number', (run) => some(run.pair?.gapRecovered));
  between('apgr', 'APGR, 11 shares', 'number', (run) => some(run.pair?.calls?.averageGapRecovered));
  between('apgr_exact', 'APGR, every share', 'number', (run) => some(run.pair?.calls?.averageGapRecoveredExactly));
  between('cpt_50', 'CPT(50 %)', 'share', (run) => some(run.pair?.calls?.callsAtHalf));
  between('cpt_80', 'CPT(80 %)', 'share', (run) => some(run.pair?.calls?.callsAtFourFifths));

  const bench = family('LLMRouterBench');
  bench('perf_gain', 'PerfGain', 'change', ({ others }) => some(others.curve?.performanceGain));
  bench('cost_save', 'CostSave', 'change', ({ others }) => some(others.curve?.costSaved));
  bench('gain_at_b', 'Gain@B', 'change', ({ others }) => some(others.gainOverBest));
  bench('gap_at_o', 'Gap@O', 'change', ({ others }) => some(others.gapToOracle));
  bench('pareto_dist', 'ParetoDist', 'number', ({ others }) => plain(others.curve?.paretoDistance));

  const arena = family('RouterArena, at best quality');
  arena('arena_score', 'score', 'number', ({ others }) => some(others.routerArena.score));
  arena('opt_sel', 'Opt.Sel', 'share', ({ others }) => plain(others.routerArena.optimality.selection));
  arena('opt_acc', 'Opt.Acc', 'share', ({ others }) => plain(others.routerArena.optimality.accuracy));
  arena('opt_cost', 'Opt.Cost', 'share', ({ others }) => plain(others.routerArena.optimality.cost));

  const quality = family('Predicted quality');
  quality('ece', 'ECE', 'number', ({ calibration }) => plain(calibration?.all.ece));
  quality('ece_perfect', 'ECE of a perfect predictor', 'number', ({ calibration }) =>
    plain(calibration?.all.perfect.mean),
  );
  quality('ece_perfect_95', 'ECE, 95 % of perfect predictors below', 'number', ({ calibration }) =>
    plain(calibration?.all.perfect.high),
  );
  quality('brier', 'Brier score', 'number', ({ calibration }) => plain(calibration?.all.brier));
  quality('brier_base', 'Brier score of the mean', 'number', ({ calibration }) =>
    plain(calibration?.all.brierOfBaseRate),
  );
  quality('slope', 'reliability slope', 'number', ({ calibration }) => plain(calibration?.all.slope));

  const cost = family('Predicted cost');
  cost('mape', 'MAPE', 'share', ({ calibration }) => plain(calibration?.cost?.meanAbsolutePercentage));
  cost('cost_ratio', 'ratio of totals', 'number', ({ calibration }) => plain(calibration?.cost?.ratioOfTotals));
  cost('pinball_50', 'pinball loss at 0.5', 'cost', ({ calibration }) =>
    plain(calibration?.cost?.spread?.pinballAtHalf),
  );
  cost('pinball_90', 'pinball loss at 0.9', 'cost', ({ calibration }) =>
    plain(calibration?.cost?.spread?.pinballAtNineTenths),
  );
  cost('coverage_90', 'coverage of the 90 % interval', 'share', ({ calibration }) => {
    const coverage = calibration?.cost?.spread?.coverage;
    return coverage === undefined ? null : withInterval({ ...coverage, value: coverage.share });
  });
  cost('width_90', 'its mean width', 'cost', ({ calibration }) => plain(calibration?.cost?.spread?.coverage.meanWidth));
  return rows;
}

/** Reasons, and which runs they are about; `runs` null: all of them. */
export interface AbsentNote {
  readonly figure: string;
  readonly why: string;
  readonly runs: readonly string[] | null;
}

/** What is not told, each reason once. */
export function absentNotes({ runs }: ReplayResult): readonly AbsentNote[] {
  const notes = new Map<string, { figure: string; why: string; labels: string[] }>();
  for (const { label, absent } of runs) {
    for (const { figure, why } of absent) {
      const key = `${figure}\n${why}`;
      const note = notes.get(key) ?? { figure, why, labels: [] };
      note.labels.push(label);
      notes.set(key, note);
    }
  }
  return [...notes.values()].map(({ figure, why, labels }) => ({
    figure,
    why,
    runs: labels.length === runs.length ? null : labels,
  }));
}

/** Comparisons with the run that ranks first, best first: who is how far behind. Empty for a single run. */
export function againstTheFirst({ runs, comparisons }: ReplayResult): {
  readonly first: string;
  readonly others: readonly { readonly label: string; readonly behind: Interval }[];
} | null {
  const ranks = runs.map(({ cost, top }) => cost?.aiq.value ?? top.point.quality);
  const [best, ...others] = [...runs.keys()].sort((a, b) => (ranks[b] ?? 0) - (ranks[a] ?? 0) || a - b);
  if (best === undefined || others.length === 0) return null;
  // Two runs may share a label, so pairs are found by place.
  const at = (a: number, b: number): Interval => {
    const place = a * runs.length - (a * (a + 1)) / 2 + (b - a - 1);
    return comparisons[place]?.difference ?? { value: 0, low: 0, high: 0 };
  };
  const negated = ({ value, low, high }: Interval): Interval => ({ value: -value, low: -high, high: -low });
  return {
    first: runs[best]?.label ?? '',
    others: others.map((other) => ({
      label: runs[other]?.label ?? '',
      // Comparisons are a - b with a before b.
      behind: other < best ? at(other, best) : negated(at(best, other)),
    })),
  };
}
