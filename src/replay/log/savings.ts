import type { LoggedDecision } from '../../outcomes/log.ts';
import { bootstrapIntervals, type Interval } from '../metrics/bootstrap.ts';

export interface SavingsOptions {
  /** Null: what observing routes would have done, against what was served. A model: what was served, against that one for all. */
  readonly baseline: string | null;
  readonly resamples: number;
  readonly seed: string;
}

/** Requests that cannot be compared, by reason. */
export interface LeftOut {
  /** Chosen by the policy, or pinned with nobody watching; with a baseline: pinned or observed. */
  readonly otherMode: number;
  /** The upstream told no usage and the price is unknown. */
  readonly unknownCost: number;
  /** Another model answered than the one that was meant to, so the row is about something else. */
  readonly fallback: number;
  /** No prediction of cost and quality for both sides, e.g. the baseline was no candidate. */
  readonly unpredicted: number;
}

/**
 * One route's ledger. Money in US dollars over all compared requests. Intervals are 95 % percentile bootstraps by request:
 * they tell how much another sample of the same traffic would differ, and nothing of how wrong the estimators are;
 * `believedDeviation` and `predictedActualUsd` are there for that.
 */
export interface RouteSavings {
  readonly route: string;
  readonly requests: number;
  readonly compared: number;
  readonly leftOut: LeftOut;
  /** Measured. */
  readonly actualUsd: Interval;
  /** Predicted, but for requests that would have gone to the same model: these count as measured. */
  readonly counterfactualUsd: Interval;
  /** What Pointsman saves: actual − counterfactual when observing, the other way round against a baseline. */
  readonly savedUsd: Interval;
  /** Of what the side without Pointsman spends, in (-inf, 1]. */
  readonly savedShare: Interval;
  /** Mean per request, Pointsman − without, in quality. */
  readonly qualityChange: Interval;
  /** Share of requests that go to the same model either way. */
  readonly sameModel: number;
  /** What the estimators say of the requests whose true cost is `actualUsd`: far from it, distrust the rest. */
  readonly predictedActualUsd: number;
  /** Root mean square of the estimators' own deviation of the quality difference of one request. */
  readonly believedDeviation: number;
}

/** One compared request. */
interface Compared {
  readonly actualUsd: number;
  readonly otherUsd: number;
  readonly predictedUsd: number;
  /** Other − actual. */
  readonly quality: number;
  readonly deviation: number;
  readonly same: number;
}

interface Ledger {
  requests: number;
  readonly rows: Compared[];
  otherMode: number;
  unknownCost: number;
  fallback: number;
  unpredicted: number;
}

/** By route, in the order of their first request; routes with nothing to compare are there too. Same seed, same numbers. */
export function measureSavings(log: Iterable<LoggedDecision>, options: SavingsOptions): readonly RouteSavings[] {
  const ledgers = new Map<string, Ledger>();
  for (const row of log) {
    let ledger = ledgers.get(row.route);
    if (ledger === undefined) {
      ledger = { requests: 0, rows: [], otherMode: 0, unknownCost: 0, fallback: 0, unpredicted: 0 };
      ledgers.set(row.route, ledger);
    }
    ledger.requests++;
    enter(ledger, row, options.baseline);
  }
  return [...ledgers].map(([route, ledger]) => summary(route, ledger, options));
}

function enter(ledger: Ledger, row: LoggedDecision, baseline: string | null): void {
  const chances = alternative(row, baseline);
  if (chances === 'other mode') ledger.otherMode++;
  else if (row.costUsd === null) ledger.unknownCost++;
  else if (row.served !== row.chosen) ledger.fallback++;
  else {
    const compared = chances === null ? null : compare(row, row.costUsd, chances);
    if (compared === null) ledger.unpredicted++;
    else ledger.rows.push(compared);
  }
}

/** How likely each candidate would have been on the other side; null where it cannot be told. */
function alternative(row: LoggedDecision, baseline: string | null): Float64Array | 'other mode' | null {
  if (baseline === null)
    return row.shadow === null ? 'other mode' : row.shadow.model === null ? null : row.shadow.propensities;
  if (row.pinned) return 'other mode';
  const place = row.candidates.indexOf(baseline);
  return place === -1 ? null : Float64Array.from(row.candidates, (_, i) => (i === place ? 1 : 0));
}

function compare(row: LoggedDecision, actualUsd: number, chances: Float64Array): Compared | null {
  const served = row.candidates.indexOf(row.served ?? '');
  const { quality, cost } = row.predictions;
  if (served === -1 || quality === undefined || cost === undefined) return null;
  const servedQuality = quality.mean[served] ?? 0;
  const servedDeviation = quality.deviation[served] ?? 0;
  let otherUsd = 0;
  let change = 0;
  let variance = 0;
  chances.forEach((chance, i) => {
    otherUsd += chance * (i === served ? actualUsd : (cost.mean[i] ?? 0));
    if (i === served) return;
    change += chance * ((quality.mean[i] ?? 0) - servedQuality);
    variance += chance * ((quality.deviation[i] ?? 0) ** 2 + servedDeviation ** 2);
  });
  return {
    actualUsd,
    otherUsd,
    predictedUsd: cost.mean[served] ?? 0,
    quality: change,
    deviation: Math.sqrt(variance),
    same: chances[served] ?? 0,
  };
}

function summary(route: string, ledger: Ledger, { baseline, resamples, seed }: SavingsOptions): RouteSavings {
  const { rows } = ledger;
  const sign = baseline === null ? 1 : -1;
  const [actual, other, saved, share, quality] = bootstrapIntervals(rows.length, resamples, seed, (weights) => {
    let [actualUsd, otherUsd, change, count] = [0, 0, 0, 0];
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i];
      const weight = weights[i] ?? 0;
      if (row === undefined || weight === 0) continue;
      actualUsd += weight * row.actualUsd;
      otherUsd += weight * row.otherUsd;
      change += weight * row.quality;
      count += weight;
    }
    const savedUsd = sign * (actualUsd - otherUsd);
    const without = baseline === null ? actualUsd : otherUsd;
    return [
      actualUsd,
      otherUsd,
      savedUsd,
      without === 0 ? 0 : savedUsd / without,
      count === 0 ? 0 : (sign * change) / count,
    ];
  });
  const mean = (of: (row: Compared) => number): number =>
    rows.length === 0 ? 0 : rows.reduce((sum, row) => sum + of(row), 0) / rows.length;
  const { requests, otherMode, unknownCost, fallback, unpredicted } = ledger;
  return {
    route,
    requests,
    compared: rows.length,
    leftOut: { otherMode, unknownCost, fallback, unpredicted },
    actualUsd: actual ?? nothing,
    counterfactualUsd: other ?? nothing,
    savedUsd: saved ?? nothing,
    savedShare: share ?? nothing,
    qualityChange: quality ?? nothing,
    sameModel: mean(({ same }) => same),
    predictedActualUsd: rows.reduce((sum, { predictedUsd }) => sum + predictedUsd, 0),
    believedDeviation: Math.sqrt(mean(({ deviation }) => deviation ** 2)),
  };
}

const nothing: Interval = { value: 0, low: 0, high: 0 };
