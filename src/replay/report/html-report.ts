import type { ReplayResult, RunResult } from '../replay-result.ts';
import { calibrationSection } from './calibration-plots.ts';
import { colours, costQualityPlot } from './cost-quality-plot.ts';
import { fourDecimals, percent, resamplingText, signed, signedRangeOf } from './figures-text.ts';
import { html, type Html } from './html.ts';
import type { ReplayManifestOptions } from './manifest.ts';
import { lineChart, lineTips, type Line } from './line-chart.ts';
import { htmlPage } from './page.ts';
import { pairChart } from './pair-chart.ts';
import { qualityBars } from './quality-bars.ts';
import {
  comparisonTable,
  figuresTable,
  groupTable,
  lostTable,
  routerTable,
  singlesTable,
  sourceTable,
  splitTable,
  tuningTable,
} from './report-tables.ts';
import { shareChart } from './share-chart.ts';

/**
 * The whole report as one page that needs nothing else: no network (its own policy forbids it), no second file. Every
 * value of the data is escaped. Same result, options and version, same bytes.
 */
export function htmlReport(result: ReplayResult, asked: ReplayManifestOptions, version: string): string {
  const { runs, baselines, warnings, costUnit } = result;
  const title = `Replay of ${result.test.sources.map(({ name }) => name).join(', ')}`;
  const each = (draw: (run: RunResult, index: number) => Html | null): readonly Html[] =>
    runs.flatMap((run, i) => {
      const drawn = draw(run, i);
      return drawn === null ? [] : [html`<h3>${run.label}</h3>`, drawn];
    });
  const calibrated = runs.some(({ calibration }) => calibration !== null);
  const isSplit = runs.some(({ splits }) => splits !== null);
  const pair = pairChart(result);
  const body = html` <nav aria-label="Contents">
      <a href="#curve">${baselines.hasCost ? 'Cost and quality' : 'Quality'}</a><a href="#routers">Routers</a
      ><a href="#figures">Every figure</a
      ><a href="#groups">Eval names</a>${isSplit ? html`<a href="#splits">Splits</a>` : null}<a href="#shares"
        >What each model got</a
      >${calibrated ? html`<a href="#calibration">Calibration</a>` : null}<a href="#lost">Where most was lost</a
      ><a href="#settings">Settings</a>
    </nav>
    <div class="cards">${runs.map((run, i) => card(run, i, result))}</div>
    <h2 id="curve">${baselines.hasCost ? 'Cost and quality' : 'Quality'}</h2>
    ${baselines.hasCost ? costQualityPlot(result) : qualityBars(result)}
    <h2 id="routers">Routers</h2>
    <p>
      AIQ is the mean height of a router’s hull between the cheapest and the dearest single model; the zero router mixes
      single models without looking at the query. Savings are against always asking the best single model, at a share of
      its quality. Intervals: ${resamplingText(result.resamples)}.
    </p>
    ${routerTable(result)} ${comparisonTable(result)}
    <h2 id="figures">Every figure</h2>
    <p>
      Deferral area and quality-neutral cost as in UniRoute; PGR, APGR and CPT as in RouteLLM, between
      ${result.pair.strong.model} and ${result.pair.weak.model}
      (${result.pair.isAsked ? 'as asked for' : 'the best single model and the cheapest, of the test rows'});
      RouterArena’s score ranks systems with their own pools. Formulas and sources: docs/metrics.md.
    </p>
    ${
      pair === null
        ? null
        : html`<h3 id="pair">Between ${result.pair.weak.model} and ${result.pair.strong.model}</h3>
            ${lineChart(pair)}
            <ul class="legend" aria-label="Lines">
              ${pair.lines.map(lineKey)}
            </ul>`
    }
    ${figuresTable(result)}
    <h2 id="groups">Within each eval name</h2>
    <p>A router that only tells data sets apart gains over all rows and nothing here.</p>
    ${each((run) => groupTable(run))}
    ${
      isSplit
        ? html`<h2 id="splits">Split by split</h2>
            <p>
              ${result.protocol.text}. The interval allows for splits that share rows (corrected resampled t, Nadeau and
              Bengio 2003).
            </p>
            ${each((run) => (run.splits === null ? null : splitTable(run.splits, baselines.hasCost)))}`
        : null
    }
    <h2 id="shares">What each model got</h2>
    ${each((run, i) => shareChart(result, run, i))}
    ${
      calibrated
        ? html`<h2 id="calibration">Can the predictions be believed?</h2>
            <p>
              Test rows in bins of equal numbers by what was predicted; on the dashed line when calibrated. A dot’s area
              is its number of rows.
            </p>
            ${each((run) => (run.calibration === null ? null : calibrationSection(run.calibration, costUnit)))}`
        : null
    }
    <h2 id="lost">Where most was lost</h2>
    ${runs.map(
      (run, i) =>
        html`<details${i === 0 ? openNow : null}>
          <summary>${run.label}</summary>
          ${lostTable(run, baselines.hasCost ? costUnit : '')}
        </details>`,
    )}
    <h2 id="settings">Settings</h2>
    ${sourceTable({ sources: [...result.train.sources, ...result.test.sources] })}${singlesTable(result)}
    ${runs.filter(({ estimator }, i) => runs.findIndex((other) => other.estimator?.name === estimator?.name) === i).map(tuningTable)}
    <details>
      <summary>Options, seed and versions</summary>
      <pre>${JSON.stringify(settings(result, asked, version), null, 2)}</pre>
    </details>`;
  return htmlPage({
    title,
    lead: introduction(result),
    warnings,
    body,
    data: { ...pageData(result), tips: pair === null ? {} : lineTips(pair) },
    version,
  });
}

/** Long lists of the other routers unfold when asked for. */
const openNow = html` open`;

const lineKey = ({ label, colour }: Line): Html =>
  colour === null
    ? html`<li><span class="swatch dashed"></span>${label}</li>`
    : html`<li><span class="swatch" style="--colour:var(--c${colour % colours})"></span>${label}</li>`;

function introduction({ split, train, test, models, embedder, protocol }: ReplayResult): string {
  const text = embedder.text === 'query_text' ? 'the question alone' : 'the whole prompt';
  return `${split}. ${models.length} models; ${train.rows} rows to learn from, ${test.rows} tested; protocol: ${protocol.text}. Embedded: ${text}, by ${embedder.id}.`;
}

function card(run: RunResult, index: number, { baselines }: ReplayResult): Html {
  const { label, origin, cost, top } = run;
  const gain = cost?.gain ?? top.gainOverBestSingle;
  const kind = gain.low > 0 ? 'good' : gain.high < 0 ? 'bad' : '';
  const against = cost === null ? `the best single model, ${baselines.bestSingle.model}` : 'mixing single models';
  const meaning =
    gain.low > 0
      ? `Better than ${against}`
      : gain.high < 0
        ? `Worse than ${against}`
        : `Not told apart from ${against}`;
  const saving = cost?.savings.find(({ share }) => share === 0.99)?.saved ?? null;
  return html`<section class="card" style="--colour:var(--c${index % colours})">
    <h3>${label}</h3>
    <div class="origin">${origin}</div>
    <div class="figure">
      ${fourDecimals(cost?.aiq.value ?? top.point.quality)} <small>${cost === null ? 'quality' : 'AIQ'}</small>
    </div>
    <p>
      <span class="${kind}">${signed(gain.value)}</span
      >${Number.isNaN(gain.low) ? ` against ${against}` : ` (${signedRangeOf(gain)}). ${meaning}`}.
    </p>
    ${saving === null || saving <= 0 ? null : html`<p>Saves ${percent(saving)} at 99 % of ${baselines.bestSingle.model}’s quality.</p>`}
  </section>`;
}

const settings = (result: ReplayResult, asked: ReplayManifestOptions, version: string): object => ({
  pointsman: version,
  format: result.format,
  seed: result.seed,
  resamples: result.resamples,
  folds: result.folds,
  protocol: result.protocol,
  embedder: result.embedder,
  overlap: result.overlap,
  cost: result.costUnit,
  asked,
  routers: result.runs.map(({ label, policy, options, estimator, origin, degraded }) => ({
    label,
    origin,
    policy,
    options,
    estimator: estimator === null ? null : { name: estimator.name, quality: estimator.quality, cost: estimator.cost },
    degraded,
  })),
});

/** What tooltips tell. */
const pageData = ({ models, runs, baselines, costUnit }: ReplayResult): object => ({
  unit: costUnit,
  hasCost: baselines.hasCost,
  models,
  oracle: baselines.oracle,
  random: baselines.random,
  runs: runs.map(({ label, axis, curve }) => ({
    label,
    axis,
    curve: curve.map((point) => ({ ...point, shares: point.shares.map((share) => Number(share.toPrecision(4))) })),
  })),
});
