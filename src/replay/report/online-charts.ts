import type { Quartiles } from '../online/measures.ts';
import type { OnlineResult, OnlineRunResult } from '../online/run-online.ts';
import type { WorldEvent } from '../online/scenario.ts';
import { costText, costTick } from './figures-text.ts';
import type { Line, LineChart, LinePoint } from './line-chart.ts';

type Curve = keyof OnlineRunResult['curves'];

/** Utility, regret, and spending or cost as they go: the middle over seeds with its quartiles. */
export function onlineCharts(result: OnlineResult): readonly LineChart[] {
  const { runs, scenario, budgetUsd, seeds } = result;
  const { steps } = scenario;
  /** Sums start at nought; means have no value before the first stretch. */
  const pointsOf = (curve: readonly Quartiles[], isSum: boolean): readonly LinePoint[] => [
    ...(isSum ? [{ x: 0, low: 0, middle: 0, high: 0 }] : []),
    ...curve.map(({ low, median, high }, i) => ({
      x: Math.floor(((i + 1) * steps) / curve.length),
      low,
      middle: median,
      high,
    })),
  ];
  const linesOf = (curve: Curve, isSum = false): readonly Line[] =>
    runs.flatMap(({ label, curves }, i) => {
      const found = curves[curve];
      return found === null ? [] : [{ label, colour: i, toggle: i, isDashed: false, points: pointsOf(found, isSum) }];
    });
  const isShared = runs.every((_, i) => i === 0 || referenceOf(runs, i) === null);
  const references = runs.flatMap(({ curves }, i): readonly Line[] => {
    const label = referenceOf(runs, i);
    if (label === null) return [];
    // The only one is about every router.
    const place = isShared ? null : i;
    return [{ label, colour: place, toggle: place, isDashed: true, points: pointsOf(curves.reference, false) }];
  });
  const bands =
    seeds === 1 ? 'One run, so there is no band.' : `Lines are medians over ${seeds} seeds, bands quartiles.`;
  const shared = {
    across: 'step',
    events: scenario.events.map((event) => ({ x: event.at, name: eventName(event) })),
    level: null,
    writeX: (value: number) => String(value),
    writeY: (value: number) => String(Number(value.toPrecision(4))).replace('-', '−'),
    writeTick: (value: number) => String(Number(value.toPrecision(6))).replace('-', '−'),
    range: 'quartiles',
  } as const;
  const charts: LineChart[] = [
    {
      ...shared,
      id: 'utility',
      title: 'Mean utility of each stretch',
      up: 'mean utility of the stretch',
      lines: [...linesOf('utility'), ...references],
      caption: `How fast it learns, and how fast it recovers when the world changes. Dashed: the same estimator trained on every outcome but the row’s own. ${bands}`,
    },
    {
      ...shared,
      id: 'regret',
      title: 'Cumulative regret to the reference',
      up: 'regret to the reference',
      lines: linesOf('regretToReference', true),
      caption: `Utility lost so far against the reference; flat where there is nothing left to learn, falling where it does better. ${bands}`,
    },
    {
      ...shared,
      id: 'oracle',
      title: 'Cumulative regret to the oracle',
      up: 'regret to the oracle',
      lines: linesOf('regretToOracle', true),
      caption: `Utility lost so far against the best model of every request, known in hindsight: nobody reaches it. ${bands}`,
    },
  ];
  if (budgetUsd !== null) {
    charts.push({
      ...shared,
      id: 'spent',
      title: 'Spent so far, in budgets',
      up: 'spent so far, in budgets',
      lines: linesOf('spent'),
      level: { value: 1, name: `the budget, ${costText(budgetUsd, 'usd')} a request` },
      caption: `Mean cost of all requests so far over the budget. ${bands}`,
    });
  }
  charts.push({
    ...shared,
    id: 'cost',
    title: 'Mean cost of each stretch',
    up: 'mean cost of the stretch',
    lines: linesOf('costUsd'),
    level: budgetUsd === null ? null : { value: budgetUsd, name: 'the budget' },
    writeY: (value) => costText(value, 'usd'),
    writeTick: (value) => costTick(value, 'usd'),
    caption: `What a request cost as it went. ${bands}`,
  });
  return charts;
}

/** One line for each estimator: routers that share one share its reference. Null for all but the first of them. */
function referenceOf(runs: readonly OnlineRunResult[], place: number): string | null {
  const key = (run: OnlineRunResult | undefined): string => JSON.stringify([run?.estimator, run?.curves.reference]);
  const first = runs.findIndex((run) => key(run) === key(runs[place]));
  return first === place ? `reference: ${runs[place]?.estimator.name ?? ''}, told everything` : null;
}

function eventName(event: WorldEvent): string {
  const model = event.model ?? 'all prices';
  switch (event.type) {
    case 'price':
      return `${model} × ${event.factor}`;
    case 'degrade':
      return `${model} degrades to ${event.quality}`;
    case 'arrive':
      return `${model} arrives`;
    case 'vanish':
      return `${model} vanishes`;
    default:
      return event satisfies never;
  }
}
