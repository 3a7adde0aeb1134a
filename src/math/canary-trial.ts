import { PointsmanError } from '../core/errors.ts';
import type { Learner } from '../core/learner.ts';
import { addToSequence, newSequence, sequenceInterval, sequenceWidth, type Sequence } from './confidence-sequence.ts';
import { StateReader } from './state-reader.ts';

export type CanaryPhase = 'testing' | 'promoted' | 'rolled_back';
const phases: readonly CanaryPhase[] = ['testing', 'promoted', 'rolled_back'];

/** What an administrator says; it travels through the log of facts like everything that is learned. */
export const canaryActions = ['promote', 'rollback', 'restart', 'freeze', 'resume'] as const;
export type CanaryAction = (typeof canaryActions)[number];

export interface TrialSettings {
  /** Of a wrong verdict, over the whole life of the trial. */
  readonly alpha: number;
  /** Quality that the candidate may be worse by. */
  readonly qualityMargin: number;
  /** What the dearest request may cost: the cost of one is tested as a share of it. Null: cost is not tested. */
  readonly highestCostUsd: number | null;
  /** US dollars per request that the candidate may be dearer by. */
  readonly costMarginUsd: number;
  /** Quality facts of less trust are not counted. */
  readonly leastWeight: number;
}

export interface CanaryTrial extends Learner {
  readonly phase: CanaryPhase;
  readonly frozen: boolean;
}

/** Notes of canary decisions begin with the arm, those of an administrator with a number below 0. */
export const baseArm = 0;
export const candidateArm = 1;
export const actionNote = (action: CanaryAction): readonly number[] => [-1 - canaryActions.indexOf(action)];

const version = 1;
const owner = 'a canary';

/**
 * Two arms, quality and cost of each a confidence sequence at alpha over their number, so that all hold together (union
 * bound). Better, or worse by less than the margin, and not dearer: promoted. Surely worse or surely dearer: rolled back.
 */
export function createCanaryTrial(settings: TrialSettings): CanaryTrial {
  const { highestCostUsd, qualityMargin, costMarginUsd } = settings;
  const alpha = settings.alpha / (highestCostUsd === null ? 2 : 4);
  /** Quality of base and candidate, then cost. */
  let sequences: Sequence[] = [];
  let phase: CanaryPhase = 'testing';
  let frozen = false;
  const restart = (): void => {
    sequences = Array.from({ length: 4 }, newSequence);
    phase = 'testing';
  };
  restart();

  const interval = (place: number): { low: number; high: number } =>
    sequenceInterval(sequences[place] ?? newSequence(), alpha);

  const judge = (): void => {
    const [base, candidate, baseCost, candidateCost] = [interval(0), interval(1), interval(2), interval(3)];
    const margin = highestCostUsd === null ? 0 : costMarginUsd / highestCostUsd;
    const worse = candidate.high < base.low - qualityMargin;
    const dearer = highestCostUsd !== null && candidateCost.low > baseCost.high + margin;
    if (worse || dearer) phase = 'rolled_back';
    else if (
      candidate.low >= base.high - qualityMargin &&
      (highestCostUsd === null || candidateCost.high <= baseCost.low + margin)
    ) {
      phase = 'promoted';
    }
  };

  const obey = (action: CanaryAction): void => {
    switch (action) {
      case 'promote':
        phase = 'promoted';
        return;
      case 'rollback':
        phase = 'rolled_back';
        return;
      case 'restart':
        restart();
        return;
      case 'freeze':
        frozen = true;
        return;
      case 'resume':
        frozen = false;
        return;
      default:
        action satisfies never;
    }
  };

  return {
    get phase() {
      return phase;
    },
    get frozen() {
      return frozen;
    },
    update({ note, quantity, value, weight }) {
      const arm = note?.[0];
      if (arm === undefined) return;
      if (arm < 0) {
        const action = canaryActions[-1 - arm];
        if (action !== undefined) obey(action);
        return;
      }
      if (phase !== 'testing' || frozen || (arm !== baseArm && arm !== candidateArm)) return;
      if (quantity === 'quality' && weight >= settings.leastWeight) {
        addToSequence(sequences[arm] ?? newSequence(), value, alpha);
      } else if (quantity === 'cost' && highestCostUsd !== null) {
        addToSequence(sequences[2 + arm] ?? newSequence(), value / highestCostUsd, alpha);
      } else return;
      judge();
    },
    save() {
      const numbers = sequences.flatMap(({ count, sum, squares, bets, bet, price }) => [
        count,
        sum,
        squares,
        bets,
        bet,
        price,
      ]);
      const shown = (place: number) => ({ count: sequences[place]?.count ?? 0, ...interval(place) });
      return {
        version,
        data: {
          phase: phases.indexOf(phase),
          frozen: frozen ? 1 : 0,
          // For people; what counts is in the arrays.
          quality: { base: shown(0), candidate: shown(1) },
          cost: highestCostUsd === null ? null : { base: shown(2), candidate: shown(3), unitUsd: highestCostUsd },
        },
        arrays: { sequences: Float64Array.from(numbers) },
      };
    },
    load(state) {
      const reader = new StateReader(owner, state, version);
      const found = phases[reader.count('phase')];
      const isFrozen = reader.count('frozen') === 1;
      const numbers = reader.doubles('sequences', 4 * sequenceWidth);
      if (found === undefined || numbers.some((value) => !Number.isFinite(value))) {
        throw new PointsmanError('invalid_data', 'The saved state of a canary is damaged. Remove the snapshot.');
      }
      phase = found;
      frozen = isFrozen;
      sequences = Array.from({ length: 4 }, (_, place): Sequence => {
        const [count = 0, sum = 0, squares = 0, bets = 0, bet = 0, price = 0] = numbers.subarray(place * sequenceWidth);
        return { count, sum, squares, bets, bet, price };
      });
    },
  };
}
