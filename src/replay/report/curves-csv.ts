import type { ReplayResult } from '../replay-result.ts';
import { csvText, type CsvCell } from './csv-text.ts';

/** Every point that the plot shows, one a row: runs by their settings, then single models, oracle, random and the zero router's hull. */
export function curvesCsv({ models, runs, baselines, costUnit }: ReplayResult): string {
  const names = models.map(({ model }) => model);
  const cost = costUnit === 'usd' ? 'cost_usd' : costUnit;
  const none = names.map(() => '');
  const rows: (readonly CsvCell[])[] = [
    ['router', 'origin', 'setting', cost, 'quality', ...names.map((model) => `share|${model}`)],
    ...runs.flatMap(({ label, origin, curve }) =>
      curve.map((point) => [label, origin, point.setting ?? '', point.costUsd, point.quality, ...point.shares]),
    ),
    ...models.map(({ model, costUsd, quality }, m) => [
      `model: ${model}`,
      '',
      '',
      costUsd,
      quality,
      ...names.map((_, i) => (i === m ? 1 : 0)),
    ]),
    ['oracle', '', '', baselines.oracle.costUsd, baselines.oracle.quality, ...none],
    ['random', '', '', baselines.random.costUsd, baselines.random.quality, ...none],
    ...(baselines.zero?.hull ?? []).map((point) => ['zero router', '', '', point.costUsd, point.quality, ...none]),
  ];
  return csvText(rows);
}
