import { createContestant, fullInformation, warmStart, type Named, type OnlineBed, type Start } from './bed.ts';
import { meanInterval } from '../mean-interval.ts';
import type { Interval } from '../metrics/bootstrap.ts';
import { bestFixed, meanOver, normalisedUtility, quartiles, type Quartiles } from './measures.ts';
import type { Scenario } from './scenario.ts';
import { runStream, type Course, type Reference } from './stream.ts';

/** What learners know before the first request. Costs are known either way, as a price table tells them. */
export type StartKind = 'warm' | 'cold';

/** One policy with one estimator, many times through one scenario. */
export interface OnlineSpec {
  readonly policy: Named;
  readonly estimator: Named;
  readonly start: StartKind;
  readonly scenario: Scenario;
  /** Quality per dollar, of the policy and of every measure. */
  readonly lambda: number;
  /** Of the route, on top of the policy. */
  readonly epsilon: number;
  readonly seeds: number;
}

/** Trains each estimator once and works out its reference once, however many runs ask for them. */
export interface OnlineLab {
  /** One course a seed, in order; `visit` keeps what it needs of each. */
  run<Kept>(spec: OnlineSpec, visit: (course: Course, seed: number) => Kept): Kept[];
}

const folds = 5;

export function createOnlineLab(bed: OnlineBed, seed: string): OnlineLab {
  const starts = new Map<string, Start>();
  const references = new Map<string, Reference>();
  const once = <Value>(kept: Map<string, Value>, estimator: Named, make: () => Value): Value => {
    const key = JSON.stringify(estimator);
    const value = kept.get(key) ?? make();
    kept.set(key, value);
    return value;
  };
  return {
    run({ policy, estimator, start, scenario, lambda, epsilon, seeds }, visit) {
      const warm = once(starts, estimator, () => warmStart(bed, estimator));
      const reference = once(references, estimator, () => fullInformation(bed, estimator, folds, seed));
      const { cost } = warm;
      const known: Start = start === 'warm' ? warm : cost === undefined ? {} : { cost };
      return Array.from({ length: seeds }, (_, i) => {
        const contestant = createContestant(bed, policy, estimator, known, { epsilon });
        return visit(runStream(contestant, bed.stream, scenario, reference, lambda, `${seed}:${i}`), i);
      });
    },
  };
}

/** What is told of every run, over seeds. */
export interface OnlineSummary {
  readonly utility: Quartiles;
  readonly quality: Quartiles;
  readonly costUsd: Quartiles;
  /** Over the last half of the stream. */
  readonly normalised: Quartiles;
  /** Utility − that of the best fixed model, over the whole stream. */
  readonly overBestFixed: Quartiles;
  /** The mean of the same with its 95 % interval over seeds. */
  readonly gain: Interval;
  readonly labels: number;
}

/** For `OnlineLab.run`. */
export const figuresOf = (course: Course): readonly number[] => [
  meanOver(course.utility),
  meanOver(course.quality),
  meanOver(course.costUsd),
  normalisedUtility(course, Math.floor(course.utility.length / 2)),
  meanOver(course.utility) - bestFixed(course),
  course.labels,
];

/** @param figures one list of `figuresOf` a seed. */
export function summarise(figures: readonly (readonly number[])[]): OnlineSummary {
  const column = (i: number): Quartiles => quartiles(figures.map((row) => row[i] ?? NaN));
  return {
    utility: column(0),
    quality: column(1),
    costUsd: column(2),
    normalised: column(3),
    overBestFixed: column(4),
    gain: meanInterval(
      figures.map((row) => row[4] ?? NaN),
      0,
    ),
    labels: column(5).median,
  };
}
