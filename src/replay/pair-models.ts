import { PointsmanError } from '../core/errors.ts';
import { curvePoints, type Outcomes } from './metrics/outcomes.ts';
import { suggestedPair, type StrongAndWeak } from './metrics/singles.ts';
import type { Point } from './metrics/point.ts';
import type { PairModels } from './run-figures.ts';

/** Model ids that somebody named; what is left out is suggested by the test rows. */
export interface AskedPair {
  readonly strong?: string | undefined;
  readonly weak?: string | undefined;
}

/** Where the two stand among the models, and what is told of them. */
export interface ChosenPair {
  readonly places: StrongAndWeak;
  readonly told: PairModels;
}

/** Throws `invalid_config` for a model that the data lacks, and for twice the same. Before the work, not after. */
export function checkPair({ strong, weak }: AskedPair, models: readonly string[]): void {
  for (const [flag, model] of [['strong', strong] as const, ['weak', weak] as const]) {
    if (model === undefined || models.includes(model)) continue;
    throw new PointsmanError(
      'invalid_config',
      `--${flag}: the data has no model "${model}"; it has ${models.join(', ')}.`,
      { param: flag },
    );
  }
  if (strong === undefined || strong !== weak) return;
  throw new PointsmanError('invalid_config', `--strong and --weak both name "${strong}"; name two models.`, {
    param: 'weak',
  });
}

/** The pair that PGR, APGR and CPT are about. What is asked has passed `checkPair`. */
export function choosePair(
  asked: AskedPair,
  models: readonly string[],
  singles: Outcomes,
  hasCost: boolean,
): ChosenPair {
  const points = curvePoints(singles);
  const point = (m: number): Point => points[m] ?? { costUsd: 0, quality: 0 };
  const named = (model: string | undefined): number | null => (model === undefined ? null : models.indexOf(model));
  const [strong, weak] = [named(asked.strong), named(asked.weak)];
  const besides = (taken: number): { readonly places: readonly number[]; readonly pair: StrongAndWeak } => {
    const places = [...models.keys()].filter((m) => m !== taken);
    return { places, pair: suggestedPair(places.map(point), hasCost) };
  };
  const suggested = suggestedPair(points, hasCost);
  const strongest = (taken: number): number => {
    const { places, pair } = besides(taken);
    return places[pair.strong] ?? taken;
  };
  const weakest = (taken: number): number => {
    const { places, pair } = besides(taken);
    return places[places.length === 1 ? 0 : pair.weak] ?? taken;
  };
  const places = {
    strong: strong ?? (weak === null ? suggested.strong : strongest(weak)),
    weak: weak ?? (strong === null ? suggested.weak : weakest(strong)),
  };
  const tell = (m: number): PairModels['strong'] => ({ model: models[m] ?? '', ...point(m) });
  return {
    places,
    told: { strong: tell(places.strong), weak: tell(places.weak), isAsked: strong !== null || weak !== null },
  };
}
