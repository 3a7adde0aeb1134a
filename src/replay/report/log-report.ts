import type { Evaluated } from '../log/evaluate-log.ts';
import type { LogReplay } from '../log/replay-log.ts';
import type { Estimate } from '../off-policy/estimate.ts';
import { csvText, type CsvCell } from './csv-text.ts';
import { costText, figureValue } from './figures-text.ts';
import { logNotes } from './format-log.ts';
import { html, type Html } from './html.ts';
import { intervalPlot, intervalTips, type IntervalPlot } from './interval-plot.ts';
import { escapeLatex } from './latex-table.ts';
import type { LogManifestOptions } from './manifest.ts';
import { htmlPage } from './page.ts';
import { plainTable } from './report-tables.ts';
import type { ReportFiles } from './write-report.ts';

type Figure = Evaluated['figure'];
const figures: readonly Figure[] = ['quality', 'cost', 'utility'];

/** The report of a log without its manifest. Same result, options and version, same bytes. */
export function logFiles(result: LogReplay, asked: LogManifestOptions, version: string): ReportFiles {
  return new Map([
    ['report.html', logReport(result, asked, version)],
    ['result.json', `${JSON.stringify(result, null, 2)}\n`],
    ['figures.csv', logFiguresCsv(result)],
    ['table.tex', logLatex(result)],
  ]);
}

/** One page: every policy's estimates beside what was logged, as points with intervals and as a table. */
export function logReport(result: LogReplay, asked: LogManifestOptions, version: string): string {
  const { route, requests, leftOut, lambda, runs, models, seed } = result;
  const plots = figures.map((figure) => plotOf(result, figure));
  const notes = logNotes(result);
  const body = html`
    <nav aria-label="Contents">
      ${figures.map((figure) => html`<a href="#${figure}">${titleOf(figure, lambda)}</a>`)}<a href="#settings"
        >Settings</a
      >
    </nav>
    <ul class="legend">
      ${plotted.map(({ name }, i) => html`<li><span class="swatch" style="--colour:var(--c${i})"></span>${name}</li>`)}
      <li><span class="swatch" style="--colour:var(--muted)"></span>as logged, 95 %</li>
    </ul>
    ${
      notes.length === 0
        ? null
        : html`<ul class="warnings">
            ${notes.map((note) => html`<li>${note}</li>`)}
          </ul>`
    }
    ${figures.map(
      (figure, i) =>
        html`<h2 id="${figure}">${titleOf(figure, lambda)}</h2>
          ${plots[i] === undefined ? null : intervalPlot(plots[i])} ${figureTable(result, figure)}`,
    )}
    <h2 id="settings">Settings</h2>
    <p>
      Off-policy: the policies did not write this log; what they would have come to is estimated from requests where
      their choices and the log’s agree, weighed by the probability with which the log’s policy made them. Intervals are
      95 %, of a mean; “− log” is paired with what was logged. Formulas and sources: docs/metrics.md.
    </p>
    <details>
      <summary>Options, seed and versions</summary>
      <pre>
${JSON.stringify(
  {
    pointsman: version,
    format: result.format,
    sha256: result.sha256,
    models,
    lambda,
    seed,
    asked,
    policies: runs.map(({ label, policy, remembers }) => ({ label, policy, remembers })),
  },
  null,
  2,
)}</pre>
    </details>
  `;
  const lead =
    `Route ${route}: ${requests} requests that its policy decided, ${models.length} models. Left out: ${leftOut.pinned} that named ` +
    `their model, ${leftOut.fallback} answered by a fallback.`;
  const tips = Object.assign({}, ...plots.map(intervalTips));
  return htmlPage({
    title: `What a log says of other policies: ${route}`,
    lead,
    warnings: [],
    body,
    data: { tips },
    version,
  });
}

const titleOf = (figure: Figure, lambda: number): string => {
  switch (figure) {
    case 'quality':
      return 'Quality';
    case 'cost':
      return 'Cost';
    case 'utility':
      return `Utility: quality − ${lambda} × cost`;
    default:
      return figure satisfies never;
  }
};

const found = ({ runs }: LogReplay, figure: Figure) =>
  runs.map(({ label, figures: of }) => ({ label, told: of.find((each) => each.figure === figure) }));

const writeOf =
  (figure: Figure) =>
  (value: number): string =>
    Number.isFinite(value)
      ? figure === 'cost'
        ? `${value < 0 ? '−' : ''}$${Math.abs(value).toFixed(6)}`
        : value.toFixed(4).replace('-', '−')
      : '∞';

type Told = Extract<NonNullable<Evaluated['result']>, { readonly type: 'estimate' }>;

/** What the plot draws of each policy. */
const plotted: readonly { readonly name: string; readonly read: (told: Told) => Estimate | null }[] = [
  { name: 'doubly robust', read: ({ doublyRobust }) => doublyRobust },
  { name: 'SNIPS', read: ({ snips }) => snips },
];

function plotOf(result: LogReplay, figure: Figure): IntervalPlot {
  const rows = found(result, figure);
  const logged = rows[0]?.told?.logged ?? null;
  const short = (value: number): string =>
    figure === 'cost' ? costText(value, 'usd') : String(Number(value.toPrecision(4))).replace('-', '−');
  return {
    id: figure,
    title: `${figure} of each policy, estimated`,
    across: `mean ${figure} per request`,
    beside: logged === null ? null : { ...logged, name: figure },
    write: short,
    rows: rows.map(({ label, told }) => {
      const of = told?.result ?? null;
      if (of === null) return { label, estimates: [], absent: 'nothing known' };
      if (of.type === 'no_support') return { label, estimates: [], absent: 'no support in this log' };
      return {
        label,
        absent: '',
        estimates: plotted.flatMap(({ name, read }) => {
          const estimate = read(of);
          return estimate === null ? [] : [{ ...estimate, name }];
        }),
      };
    }),
  };
}

interface Column {
  readonly key: string;
  readonly name: string;
  readonly isDifference: boolean;
  readonly read: (told: Told) => Estimate | null;
}

const columns: readonly Column[] = [
  { key: 'doubly_robust', name: 'doubly robust', isDifference: false, read: ({ doublyRobust }) => doublyRobust },
  { key: 'doubly_robust_gain', name: '− log', isDifference: true, read: ({ gain }) => gain.doublyRobust },
  { key: 'snips', name: 'SNIPS', isDifference: false, read: ({ snips }) => snips },
  { key: 'snips_gain', name: '− log', isDifference: true, read: ({ gain }) => gain.snips },
  { key: 'ips', name: 'IPS', isDifference: false, read: ({ ips }) => ips },
  { key: 'ips_clipped', name: 'clipped IPS', isDifference: false, read: ({ clipped }) => clipped },
];

function figureTable(result: LogReplay, figure: Figure): Html {
  const write = writeOf(figure);
  const rows = found(result, figure);
  const first = rows[0]?.told;
  const cell = (estimate: Estimate | null, isDifference: boolean): Html => {
    if (estimate === null) return html`–`;
    const { value, low, high } = estimate;
    const text = (each: number): string => (isDifference && each >= 0 ? `+${write(each)}` : write(each));
    const better = figure === 'cost' ? high < 0 : low > 0;
    const worse = figure === 'cost' ? low > 0 : high < 0;
    const kind = !isDifference ? '' : better ? 'good' : worse ? 'bad' : '';
    return html`<span class="${kind}">${text(value)}</span><span class="origin">${text(low)} to ${text(high)}</span>`;
  };
  const absent = (text: string): readonly (string | Html)[] => [text, ...columns.map(() => '')];
  return plainTable(
    ['policy', 'effective sample', ...columns.map(({ name }) => name)],
    [
      [
        'mean as logged',
        String(first?.requests ?? 0),
        first?.logged == null ? 'nothing known' : cell(first.logged, false),
        ...columns.slice(1).map(() => ''),
      ],
      ...rows.map(({ label, told }) => {
        const of = told?.result ?? null;
        if (of === null) return [label, ...absent('nothing known')];
        if (of.type === 'no_support') return [label, ...absent('no support')];
        return [
          label,
          of.effectiveSampleSize.toFixed(1),
          ...columns.map(({ read, isDifference }) => cell(read(of), isDifference)),
        ];
      }),
    ],
  );
}

/** One row for each policy, figure and estimator. What has no support or is not known has empty numbers and says why. */
function logFiguresCsv(result: LogReplay): string {
  const finite = (value: number): CsvCell => (Number.isFinite(value) ? value : '');
  const line = (label: string, figure: Figure, key: string, { value, low, high }: Estimate): readonly CsvCell[] => [
    label,
    figure,
    key,
    finite(value),
    finite(low),
    finite(high),
    '',
  ];
  return csvText([
    ['policy', 'figure', 'estimate', 'value', 'low', 'high', 'absent'],
    ...figures.flatMap((figure) => {
      const rows = found(result, figure);
      const logged = rows[0]?.told?.logged ?? null;
      return [
        ...(logged === null ? [] : [line('(as logged)', figure, 'mean', logged)]),
        ...rows.flatMap(({ label, told }) => {
          const of = told?.result ?? null;
          if (of === null) return [[label, figure, '', '', '', '', 'nothing known']];
          if (of.type === 'no_support') return [[label, figure, '', '', '', '', of.reason]];
          return [
            ...columns.flatMap(({ key, read }) => {
              const estimate = read(of);
              return estimate === null ? [] : [line(label, figure, key, estimate)];
            }),
            [label, figure, 'effective_sample', of.effectiveSampleSize, '', '', ''],
          ];
        }),
      ];
    }),
  ]);
}

/** The doubly robust estimate and the difference to the log, for a paper. */
function logLatex(result: LogReplay): string {
  const tex = (estimate: Estimate | null, figure: Figure): string => {
    if (estimate === null) return '--';
    const [value, low, high] = [estimate.value, estimate.low, estimate.high].map((each) =>
      escapeLatex(figureValue(each, figure === 'cost' ? 'cost' : 'number', 'usd')),
    );
    return Number.isFinite(estimate.low) ? `${value} {\\scriptsize (${low} to ${high})}` : `${value}`;
  };
  return `${[
    `% route ${result.route.replaceAll(/\s+/g, ' ')}, ${result.requests} requests, lambda ${result.lambda}; off-policy. Needs \\usepackage{booktabs}.`,
    '\\begin{tabular}{llrrr}',
    '\\toprule',
    'policy & figure & doubly robust & $-$ log & effective sample \\\\',
    '\\midrule',
    ...result.runs.flatMap(({ label, figures: of }) =>
      of.map(({ figure, result: told }) => {
        const name = `${escapeLatex(label)} & ${figure}`;
        if (told === null) return `${name} & nothing known & & \\\\`;
        if (told.type === 'no_support') return `${name} & no support & & \\\\`;
        return `${name} & ${tex(told.doublyRobust, figure)} & ${tex(told.gain.doublyRobust, figure)} & ${told.effectiveSampleSize.toFixed(1)} \\\\`;
      }),
    ),
    '\\bottomrule',
    '\\end{tabular}',
  ].join('\n')}\n`;
}
