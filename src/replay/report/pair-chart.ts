import type { ReplayResult } from '../replay-result.ts';
import { fourDecimals, percent } from './figures-text.ts';
import type { Line, LineChart, LinePoint } from './line-chart.ts';

const exactly = (x: number, value: number): LinePoint => ({ x, low: value, middle: value, high: value });

/**
 * What APGR is the area of: quality over the share of queries that go to the strong model of the pair. Null where no
 * router can be measured so.
 */
export function pairChart({ runs, pair, models }: ReplayResult): LineChart | null {
  const routers = runs.flatMap(({ label, pair: figures }, i): readonly Line[] => {
    const curve = figures?.calls?.curve;
    if (curve === undefined) return [];
    const points = curve.map(({ strongShare, quality }) => exactly(strongShare, quality));
    return [{ label, colour: i, toggle: i, isDashed: false, points }];
  });
  if (routers.length === 0) return null;
  const qualityOf = (name: string): number => models.find(({ model }) => model === name)?.quality ?? NaN;
  const [weak, strong] = [qualityOf(pair.weak.model), qualityOf(pair.strong.model)];
  return {
    id: 'pair',
    title: `Quality over the share of calls to ${pair.strong.model}`,
    across: `share of queries to ${pair.strong.model}`,
    up: 'mean quality',
    lines: [
      {
        label: 'drawn at random',
        colour: null,
        toggle: null,
        isDashed: true,
        points: [exactly(0, weak), exactly(1, strong)],
      },
      ...routers,
    ],
    level: null,
    events: [],
    writeX: (share) => percent(share).replace('.0 ', ' '),
    writeY: fourDecimals,
    writeTick: (value) => String(Number(value.toPrecision(6))),
    range: '',
    caption:
      `From ${pair.weak.model} for every query (left) to ${pair.strong.model} for every query (right), the queries that a router would rather send there first. ` +
      'Dashed: queries drawn at random, which recovers half of the gap. APGR is the area over the weak model, in gaps. Routers that read the same predictions of quality share a line.',
  };
}
