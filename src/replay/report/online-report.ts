import type { Interval } from '../metrics/bootstrap.ts';
import type { Quartiles } from '../online/measures.ts';
import type { OnlineResult } from '../online/run-online.ts';
import { colours } from './cost-quality-plot.ts';
import { csvText } from './csv-text.ts';
import { costText } from './figures-text.ts';
import { eventText } from './format-online.ts';
import { html, type Html } from './html.ts';
import { escapeLatex } from './latex-table.ts';
import { lineChart, lineTips } from './line-chart.ts';
import type { OnlineManifestOptions } from './manifest.ts';
import { onlineCharts } from './online-charts.ts';
import { onlineFigures, type OnlineFigure } from './online-figures.ts';
import { htmlPage } from './page.ts';
import { plainTable, sourceTable } from './report-tables.ts';
import type { ReportFiles } from './write-report.ts';

/** The report of an online replay without its manifest. Same result, options and version, same bytes. */
export function onlineFiles(result: OnlineResult, asked: OnlineManifestOptions, version: string): ReportFiles {
  return new Map([
    ['report.html', onlineReport(result, asked, version)],
    ['result.json', `${JSON.stringify(result, null, 2)}\n`],
    ['curves.csv', onlineCurvesCsv(result)],
    ['figures.csv', onlineFiguresCsv(result)],
    ['table.tex', onlineLatex(result)],
  ]);
}

/** One page: recovery, regret and spending as they go, every figure, every setting. */
export function onlineReport(result: OnlineResult, asked: OnlineManifestOptions, version: string): string {
  const { runs, comparisons, budgetUsd, seeds, window } = result;
  const charts = onlineCharts(result);
  const of = (id: string): Html => {
    const chart = charts.find((each) => each.id === id);
    return chart === undefined ? html`` : lineChart(chart);
  };
  const body = html`
    <nav aria-label="Contents">
      <a href="#recovery">Utility</a><a href="#regret">Regret</a
      ><a href="#spending">${budgetUsd === null ? 'Cost' : 'Budget'}</a><a href="#figures">Every figure</a
      ><a href="#settings">Settings</a>
    </nav>
    <div class="cards">${runs.map((_, i) => card(result, i))}</div>
    <ul class="legend" aria-label="Routers">
      ${runs.map(
        ({ label }, i) =>
          html`<li>
            <label style="--colour:var(--c${i % colours})"
              ><input type="checkbox" checked data-toggle="${i}" /><span class="swatch"></span>${label}</label
            >
          </li>`,
      )}
      <li><span class="swatch dashed"></span>reference of the same estimator</li>
    </ul>
    <h2 id="recovery">Utility as it goes</h2>
    ${of('utility')}
    <h2 id="regret">Regret</h2>
    ${of('regret')} ${of('oracle')}
    <h2 id="spending">${budgetUsd === null ? 'Cost' : 'Budget'}</h2>
    ${of('spent')} ${of('cost')}
    <h2 id="figures">Every figure</h2>
    <p>
      Median over ${seeds} ${seeds === 1 ? 'run' : 'seeds'}, quartiles below. Normalised utility, last half: 0 is
      choosing at random, 1 is the same estimator trained on every outcome but the row’s own. Windows are of ${window}
      steps. Formulas and sources: docs/metrics.md.
    </p>
    ${plainTable(
      ['figure', ...runs.map(({ label }) => label)],
      onlineFigures(result).map(({ name, cells, write }) => [name, ...cells.map((cell) => quartileCell(cell, write))]),
    )}
    <h3>Over the best fixed model</h3>
    <p>Mean utility per request less that of the one best model, 95 % over seeds.</p>
    ${plainTable(
      ['router', 'difference (95 %)'],
      runs.map(({ label, summary }) => [label, gainCell(summary.gain)]),
    )}
    ${
      comparisons.length === 0
        ? null
        : html`<h3>One against another</h3>
            <p>Mean utility per request, paired by seed: the same requests, the same luck.</p>
            ${plainTable(
              ['utility', 'mean difference (95 %)'],
              comparisons.map(({ a, b, difference }) => [`${a} − ${b}`, gainCell(difference)]),
            )}`
    }
    <h2 id="settings">Settings</h2>
    ${sourceTable({ sources: [...result.train, ...result.test] })}
    <details>
      <summary>Options, seed and versions</summary>
      <pre>${JSON.stringify(settings(result, asked, version), null, 2)}</pre>
    </details>
  `;
  const tips = Object.assign({}, ...charts.map(lineTips));
  const title = `Learning while serving: ${[...new Set(result.test.map(({ name }) => name))].join(', ')}`;
  return htmlPage({ title, lead: introduction(result), warnings: result.warnings, body, data: { tips }, version });
}

function introduction({ split, models, scenario, start, lambda, budgetUsd, seeds, seed }: OnlineResult): string {
  const { steps, order, feedback } = scenario;
  return [
    `${split}. ${steps} requests in ${order} order, ${models.length} models, ${start} start, λ ${lambda}`,
    ...(budgetUsd === null ? [] : [`a budget of ${costText(budgetUsd, 'usd')} a request`]),
    `${Number((feedback.share * 100).toPrecision(3))} % of requests labelled, ${feedback.delay === 0 ? 'at once' : `${feedback.delay} steps late`}` +
      (feedback.poisoned === 0 ? '' : `, ${Number((feedback.poisoned * 100).toPrecision(3))} % of labels the opposite`),
    ...scenario.events.map((event) => `at step ${event.at} ${eventText(event)}`),
    `${seeds} ${seeds === 1 ? 'run' : 'runs'} from seed ${seed}: lines are medians, bands quartiles.`,
  ].join('; ');
}

function card({ runs }: OnlineResult, index: number): Html {
  const run = runs[index];
  if (run === undefined) return html``;
  const { label, summary } = run;
  const { gain, normalised, labels } = summary;
  const kind = gain.low > 0 ? 'good' : gain.high < 0 ? 'bad' : '';
  const told = Number.isFinite(gain.value)
    ? html`<p>
        <span class="${kind}">${signed(gain.value)}</span>${rangeText(gain)} utility over the best fixed model.
      </p>`
    : null;
  return html`<section class="card" style="--colour:var(--c${index % colours})">
    <h3>${label}</h3>
    <div class="origin">${labels} labels</div>
    <div class="figure">${short(normalised.median)} <small>of what the reference gains over random</small></div>
    ${told}
  </section>`;
}

/** Three decimals, fewer for large numbers. */
const short = (value: number): string =>
  Number.isFinite(value) ? (Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(3)).replace('-', '−') : '–';
const signed = (value: number): string => `${value >= 0 ? '+' : ''}${short(value)}`;
const rangeText = ({ low, high }: Interval): string =>
  Number.isNaN(low) ? '' : ` (${signed(low)} to ${signed(high)})`;

const quartileCell = ({ low, median, high }: Quartiles, write: OnlineFigure['write']): Html =>
  html`${write(median)}<span class="origin">${low === high ? '' : `${write(low)} to ${write(high)}`}</span>`;

function gainCell(value: Interval): Html {
  if (!Number.isFinite(value.value)) return html`–`;
  const kind = value.low > 0 ? 'good' : value.high < 0 ? 'bad' : '';
  return html`<span class="${kind}">${signed(value.value)}</span><span class="origin">${rangeText(value)}</span>`;
}

const settings = (result: OnlineResult, asked: OnlineManifestOptions, version: string): object => ({
  pointsman: version,
  format: result.format,
  embedder: result.embedder,
  models: result.models,
  scenario: result.scenario,
  seeds: result.seeds,
  seed: result.seed,
  window: result.window,
  segments: result.segments,
  asked,
  routers: result.runs.map(({ label, policy, estimator }) => ({ label, policy, estimator })),
});

function onlineCurvesCsv(result: OnlineResult): string {
  return csvText([
    ['router', 'curve', 'step', 'low', 'median', 'high'],
    ...onlineCharts(result).flatMap(({ id, lines }) =>
      lines.flatMap(({ label, points }) => points.map(({ x, low, middle, high }) => [label, id, x, low, middle, high])),
    ),
  ]);
}

function onlineFiguresCsv(result: OnlineResult): string {
  return csvText([
    ['router', 'figure', 'low quartile', 'median', 'high quartile'],
    ...onlineFigures(result).flatMap(({ key, cells }) =>
      cells.map(({ low, median, high }, i) => [
        result.runs[i]?.label ?? '',
        key,
        number(low),
        number(median),
        number(high),
      ]),
    ),
  ]);
}

const number = (value: number): number | '' => (Number.isFinite(value) ? value : '');

/** Routers are columns, medians with quartiles as subscripts. */
function onlineLatex(result: OnlineResult): string {
  const { runs, scenario, seeds, seed } = result;
  const head = ['figure', ...runs.map(({ label }) => escapeLatex(label))];
  const plain = (text: string): string => escapeLatex(text).replaceAll('−', '$-$').replaceAll('–', '--');
  return `${[
    `% ${result.split.replaceAll(/\s+/g, ' ')}; ${scenario.steps} steps, ${seeds} seeds from ${seed.replaceAll(/\s+/g, ' ')}; medians and quartiles. Needs \\usepackage{booktabs}.`,
    `\\begin{tabular}{l${'r'.repeat(runs.length)}}`,
    '\\toprule',
    `${head.join(' & ')} \\\\`,
    '\\midrule',
    ...onlineFigures(result).map(
      ({ name, cells, write }) =>
        `${[
          plain(name),
          ...cells.map(({ low, median, high }) =>
            low === high
              ? plain(write(median))
              : `${plain(write(median))} {\\scriptsize (${plain(write(low))} to ${plain(write(high))})}`,
          ),
        ].join(' & ')} \\\\`,
    ),
    '\\bottomrule',
    '\\end{tabular}',
  ].join('\n')}\n`;
}
