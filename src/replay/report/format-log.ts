import type { Evaluated } from '../log/evaluate-log.ts';
import type { LogReplay } from '../log/replay-log.ts';
import type { Estimate } from '../off-policy/estimate.ts';
import { textTable } from './text-table.ts';

/** What a log says of other policies, for the terminal: a table a figure. Ends with a line break. */
export function formatLog(result: LogReplay): string {
  const { route, requests, leftOut, runs, lambda } = result;
  const notes = logNotes(result);
  const figures = [...new Set(runs.flatMap((run) => run.figures.map(({ figure }) => figure)))];
  const parts = [
    `Route ${route}: ${requests} requests that its policy decided (left out: ${leftOut.pinned} that named their model, ` +
      `${leftOut.fallback} answered by a fallback).\nOff-policy, 95 % intervals; "- log" is paired with what was logged; ` +
      `utility = quality - ${lambda} x cost.`,
    ...figures.map((figure) => figureTable(result, figure)),
    notes.map((note) => `note: ${note}`).join('\n'),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** What a reader must know before believing the figures, each once. */
export function logNotes({ runs }: LogReplay): readonly string[] {
  const notes = runs.flatMap(({ label, remembers, figures: of }) => [
    ...of.flatMap(({ result: told }) => {
      if (told === null) return [];
      if (told.type === 'no_support') return [`${label}: ${told.reason}`];
      return told.caution === null ? [] : [`${label}: ${told.caution}`];
    }),
    ...(remembers ? [`${label} learns as it serves; here it decides as it begins and learns nothing.`] : []),
  ]);
  return [...new Set(notes)];
}

function figureTable({ runs }: LogReplay, figure: Evaluated['figure']): string {
  const write = figure === 'cost' ? dollars : number;
  const found = runs.map(({ label, figures }) => ({ label, told: figures.find((each) => each.figure === figure) }));
  const [first] = found;
  const logged = first?.told?.logged ?? null;
  const head = [figure, 'SNIPS', '- log', 'doubly robust', '- log', 'IPS', 'clipped IPS', 'effective sample'];
  return textTable(head, [
    [`as logged (${first?.told?.requests ?? 0} known)`, logged === null ? 'nothing known' : interval(logged, write)],
    ...found.map(({ label, told }) => {
      const result = told?.result ?? null;
      if (result === null) return [label, 'nothing known'];
      if (result.type === 'no_support') return [label, 'no support'];
      const { snips, doublyRobust, ips, clipped, gain, effectiveSampleSize } = result;
      return [
        label,
        interval(snips, write),
        signed(gain.snips, write),
        doublyRobust === null ? '-' : interval(doublyRobust, write),
        gain.doublyRobust === null ? '-' : signed(gain.doublyRobust, write),
        interval(ips, write),
        interval(clipped, write),
        effectiveSampleSize.toFixed(1),
      ];
    }),
  ]);
}

const number = (value: number): string => value.toFixed(4);
const dollars = (value: number): string => `${value < 0 ? '-' : ''}$${Math.abs(value).toFixed(6)}`;
const interval = ({ value, low, high }: Estimate, write: (value: number) => string): string =>
  `${write(value)} (${write(low)}..${write(high)})`;
const signed = ({ value, low, high }: Estimate, write: (value: number) => string): string => {
  const sign = (each: number): string => `${each >= 0 ? '+' : ''}${write(each)}`;
  return `${sign(value)} (${sign(low)}..${sign(high)})`;
};
