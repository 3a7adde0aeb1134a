import { PointsmanError } from '../../core/errors.ts';
import { seededRandom } from '../../core/random.ts';
import { shuffle } from '../../math/choice.ts';
import { meanInterval } from '../mean-interval.ts';
import type { Interval } from '../metrics/bootstrap.ts';
import { chooseThreshold, outcomeAt, type Goal, type PairRows, type ThresholdRange } from './choose-threshold.ts';

/** A threshold, and what queries like these can be expected to make of it. */
export interface Calibration {
  readonly threshold: number;
  /** Rows that it was chosen on. */
  readonly rows: number;
  /** 95 % intervals, from halves: chosen on one, measured on the other. */
  readonly expected: {
    readonly share: Interval;
    readonly quality: Interval | null;
    readonly costUsd: Interval | null;
  };
  /** The pair on all rows, each alone; null where it is not known. */
  readonly alone: { readonly strong: Alone; readonly weak: Alone };
  readonly warnings: readonly string[];
}

interface Alone {
  readonly quality: number | null;
  readonly costUsd: number | null;
}

const splits = 100;
const fewestRows = 20;
/** A share is missed by more than this where scores are coarse. */
const missedBy = 0.05;

/**
 * Chooses the threshold on all rows, and says what to expect by doing the same a hundred times on one half of them and
 * measuring on the other, so that what was fitted is not what is promised. Same rows and seed, same result. Throws
 * `invalid_data` for fewer than 20 rows, for scores that are all alike, and for a quality goal without outcomes.
 */
export function calibrate(rows: PairRows, goal: Goal, range: ThresholdRange, seed: string): Calibration {
  const count = rows.scores.length;
  const refuse = (why: string): PointsmanError => new PointsmanError('invalid_data', why);
  if (count < fewestRows) throw refuse(`${count} rows are too few to calibrate on; give at least ${fewestRows}.`);
  if (goal.type === 'quality' && rows.quality === null) {
    throw refuse('a quality can only be aimed at where the data tell how both models did; name a share instead.');
  }
  if (rows.scores.every((score) => score === rows.scores[0])) {
    throw refuse(
      `every query has the score ${rows.scores[0]}, so no threshold tells them apart; the estimator of the route has ` +
        'learned nothing yet, or does not read the query: give it an artefact (pointsman train).',
    );
  }
  const all = Array.from({ length: count }, (_, place) => place);
  const threshold = chooseThreshold(rows, all, goal, range);
  const random = seededRandom(`calibrate:${seed}`);
  const half = Math.floor(count / 2);
  const measured = Array.from({ length: splits }, () => {
    const order = [...all];
    shuffle(order, 0, count, random);
    const chosen = chooseThreshold(rows, order.slice(0, half), goal, range);
    return outcomeAt(rows, order.slice(half), chosen);
  });
  const ratio = (count - half) / half;
  const within = (values: readonly (number | null)[]): Interval | null =>
    values.some((value) => value === null)
      ? null
      : meanInterval(
          values.map((value) => value ?? 0),
          ratio,
        );
  const share = meanInterval(
    measured.map((each) => each.share),
    ratio,
  );
  const here = outcomeAt(rows, all, threshold);
  const warnings =
    goal.type === 'share' && Math.abs(here.share - goal.share) > missedBy
      ? [
          `the scores are too coarse for a share of ${goal.share}: the nearest is ${here.share.toFixed(3)}, since many ` +
            'queries have the same score',
        ]
      : [];
  return {
    threshold,
    rows: count,
    expected: {
      share: clipped(share),
      quality: within(measured.map((each) => each.quality)),
      costUsd: within(measured.map((each) => each.costUsd)),
    },
    alone: { strong: aloneOf(rows, 'strong'), weak: aloneOf(rows, 'weak') },
    warnings,
  };
}

const clipped = ({ value, low, high }: Interval): Interval => ({
  value,
  low: Math.max(0, low),
  high: Math.min(1, high),
});

function aloneOf({ quality, costUsd }: PairRows, which: 'strong' | 'weak'): Alone {
  const mean = (values: Float64Array | undefined): number | null =>
    values === undefined ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
  return { quality: mean(quality?.[which]), costUsd: mean(costUsd?.[which]) };
}
