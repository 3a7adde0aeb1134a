import type { Explanation } from '../routing/explain.ts';

/** An explanation as a small table: the chosen model leads, then the order in which fallbacks would be asked. */
export function explanationText(explanation: Explanation, observations: number): string {
  const { route, policy, chosen, reason, lambda, candidates, removals, degraded } = explanation;
  const header = ['', 'model', 'quality', 'cost', lambda === null ? '' : 'utility', 'probability'];
  const rows = candidates.map(({ model, chosen: isChosen, predictions, utility, propensity }) => [
    isChosen ? '→' : ' ',
    model,
    predictions.quality ? `${predictions.quality.mean.toFixed(3)} ±${predictions.quality.deviation.toFixed(3)}` : '',
    predictions.cost ? `$${predictions.cost.mean.toPrecision(3)}` : '',
    utility === null ? '' : utility.toFixed(3),
    propensity.toFixed(3),
  ]);
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd();
  return `${[
    `${chosen ?? 'rejected'}, by ${policy} on ${route}: ${reason}`,
    ...(lambda === null ? [] : [`utility = quality − ${lambda} × cost in dollars`]),
    observations === 0 ? 'nothing learned from traffic yet' : `learned from the log up to reward ${observations}`,
    '',
    line(header),
    ...rows.map(line),
    ...(removals.length === 0
      ? []
      : ['', 'not candidates:', ...removals.map((each) => `  ${each.model}  ${each.check}: ${each.reason}`)]),
    ...(degraded.length === 0 ? [] : ['', `fell back: ${degraded.join(', ')}`]),
  ].join('\n')}\n`;
}
