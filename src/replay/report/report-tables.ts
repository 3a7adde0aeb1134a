import type { DataSource } from '../datasets/dataset.ts';
import type { Interval } from '../metrics/bootstrap.ts';
import type { Point } from '../metrics/point.ts';
import type { LostModel } from '../lost-queries.ts';
import type { ReplayResult, RunResult, SplitFigures } from '../replay-result.ts';
import { absentNotes, againstTheFirst, figureRows } from './figure-list.ts';
import {
  costText,
  figureRange,
  figureValue,
  fourDecimals,
  percent,
  rangeOf,
  signed,
  signedRangeOf,
} from './figures-text.ts';
import { html, type Html } from './html.ts';

/** Columns of words. */
const words = new Set(['eval name', 'most likely chosen', 'cheapest of the best', 'licence', 'setting']);

const table = (head: readonly string[], rows: readonly Html[]): Html =>
  html`<div class="scroll">
    <table>
      <thead>
        <tr>
          ${head.map((name) => html`<th scope="col" class="${words.has(name) ? 'left' : ''}">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;

/** Rows of cells, the first of each its name. */
export const plainTable = (head: readonly string[], rows: readonly (readonly (string | Html)[])[]): Html =>
  table(
    head,
    rows.map(
      (row) =>
        html`<tr>
          ${cells(row)}
        </tr>`,
    ),
  );

const cells = (values: readonly (string | Html)[]): readonly Html[] => values.map((value) => html`<td>${value}</td>`);

/** Every router beside what needs none. */
export function routerTable(result: ReplayResult): Html {
  const { baselines, runs, costUnit } = result;
  const { hasCost, zero, random, bestSingle, oracle } = baselines;
  const named = ({ label, origin }: RunResult): Html => html`<td>${label}<span class="origin">${origin}</span></td>`;
  const plain = (name: string, { quality, costUsd }: Point, isFirst = false): Html =>
    html`<tr class="${isFirst ? 'rule' : ''}">
      <td>${name}</td>
      ${cells(hasCost ? ['', '', '', fourDecimals(quality), costText(costUsd, costUnit), ''] : [fourDecimals(quality), ''])}
    </tr>`;
  if (!hasCost) {
    return table(
      ['router', 'quality', '− best single (95 %)'],
      [
        ...runs.map(
          (run) =>
            html`<tr>
              ${named(run)}${cells([fourDecimals(run.top.point.quality), gain(run.top.gainOverBestSingle)])}
            </tr>`,
        ),
        plain('random', random, true),
        plain(`best single: ${bestSingle.model}`, bestSingle),
        plain('oracle', oracle),
      ],
    );
  }
  return table(
    ['router', 'AIQ (95 %)', 'AIQ − zero (95 %)', 'AIQ, code form', 'best quality', 'at cost', 'saves at 99 % (95 %)'],
    [
      ...runs.map(
        (run) =>
          html`<tr>
            ${named(run)}${cells([
              run.cost === null ? '–' : interval(run.cost.aiq),
              run.cost === null ? '–' : gain(run.cost.gain),
              fourDecimals(run.cost?.aiqCodeForm ?? null),
              fourDecimals(run.top.point.quality),
              costText(run.top.point.costUsd, costUnit),
              ...(run.cost?.savings.filter(({ share }) => share === 0.99) ?? []).map(
                ({ interval: { value, low, high } }) =>
                  html`${figureValue(value, 'change', costUnit)}<span class="origin"
                      >${result.resamples === 0 ? '' : figureRange({ value, interval: { low, high } }, 'change', costUnit)}</span
                    >`,
              ),
            ])}
          </tr>`,
      ),
      html`<tr class="rule">
        <td>zero router</td>
        ${cells([zero === null ? '–' : interval(zero.aiq), '', fourDecimals(zero?.aiqCodeForm ?? null), '', '', ''])}
      </tr>`,
      plain('random', random),
      plain(`best single: ${bestSingle.model}`, bestSingle),
      plain('oracle', oracle),
    ],
  );
}

/** Who leads, and by how much. */
export function comparisonTable(result: ReplayResult): Html | null {
  const told = againstTheFirst(result);
  if (told === null) return null;
  const reach = Math.max(
    0.001,
    ...told.others.flatMap(({ behind: { low, high } }) => (Number.isNaN(low) ? [] : [Math.abs(low), Math.abs(high)])),
  );
  return table(
    [`against ${told.first}`, `difference of ${result.baselines.hasCost ? 'AIQ' : 'quality'} (95 %)`, ''],
    told.others.map(
      ({ label, behind }) =>
        html`<tr>
          <td>${label}</td>
          ${cells([gain(behind), whisker(behind, reach)])}
        </tr>`,
    ),
  );
}

/** Every figure, a line each, and why some are not there. */
export function figuresTable(result: ReplayResult): Html {
  const rows = figureRows(result);
  const notes = absentNotes(result);
  const { runs, costUnit } = result;
  return html`${table(
      ['figure', ...runs.map(({ label }) => label)],
      rows.flatMap((row, i) => [
        ...(row.family === rows[i - 1]?.family
          ? []
          : [
              html`<tr class="family">
                <th scope="rowgroup" colspan="${runs.length + 1}">${row.family}</th>
              </tr>`,
            ]),
        html`<tr>
          <td>${row.name}</td>
          ${row.cells.map(
            (cell) =>
              html`<td>
                ${
                  cell === null
                    ? '–'
                    : html`${figureValue(cell.value, row.unit, costUnit)}<span class="origin"
                          >${figureRange(cell, row.unit, costUnit)}</span
                        >`
                }
              </td>`,
          )}
        </tr>`,
      ]),
    )}
    ${notes.length === 0 ? null : html`<p>Not told:</p>`}
    <ul class="notes">
      ${notes.map(({ figure, why, runs: labels }) => html`<li><strong>${figure}</strong>${labels === null ? '' : ` of ${labels.join(', ')}`}: ${why}.</li>`)}
    </ul>`;
}

/** The same within each eval name. */
export function groupTable({ groups, cost }: RunResult): Html {
  const hasCost = cost !== null;
  const gains = groups.flatMap(({ gain: each }) =>
    each === null || Number.isNaN(each.low) ? [] : [each.low, each.high],
  );
  const reach = Math.max(0.001, ...gains.map(Math.abs));
  const figures = hasCost ? ['AIQ', 'zero', 'AIQ − zero (95 %)', ''] : ['quality'];
  return table(
    ['eval name', 'rows', ...figures, 'best single', 'oracle'],
    [
      ...groups.map(
        (group) =>
          html`<tr>
            <td>${group.group === '' ? '(none)' : group.group}</td>
            ${cells([
              String(group.rows),
              ...(hasCost
                ? [
                    fourDecimals(group.aiq?.value ?? null),
                    fourDecimals(group.zero?.value ?? null),
                    group.gain === null ? '–' : gain(group.gain),
                    group.gain === null ? '' : whisker(group.gain, reach),
                  ]
                : [fourDecimals(group.topQuality)]),
              html`${fourDecimals(group.bestSingle.quality)} ${group.bestSingle.model}`,
              fourDecimals(group.oracle.quality),
            ])}
          </tr>`,
      ),
      ...(cost === null
        ? []
        : [
            html`<tr class="rule">
              <td>mean of eval names</td>
              ${cells(['', fourDecimals(cost.macro.aiq), fourDecimals(cost.macro.zero), gain(cost.macro.gain), '', '', ''])}
            </tr>`,
          ]),
    ],
  );
}

/** Split by split, for a protocol of several. */
export function splitTable({ splits, gain: mean }: SplitFigures, hasCost: boolean): Html {
  const withNewcomer = splits.some(({ newcomerShare }) => newcomerShare !== null);
  const names = hasCost ? ['AIQ', 'zero'] : ['quality', 'best single'];
  return html`<p>
      Mean gain over ${splits.length} splits:
      ${signed(mean.value)}${Number.isNaN(mean.low) ? '' : ` (95 %: ${signedRangeOf(mean)})`}.
    </p>
    ${table(
      [
        'split',
        'trained on',
        'tested on',
        ...names,
        'difference (95 %)',
        ...(withNewcomer ? ['queries to the new model'] : []),
      ],
      splits.map(
        (split) =>
          html`<tr>
            <td>${split.label}</td>
            ${cells([
              String(split.trained),
              String(split.tested),
              fourDecimals(split.router),
              fourDecimals(split.reference),
              gain(split.difference),
              ...(withNewcomer ? [percent(split.newcomerShare)] : []),
            ])}
          </tr>`,
      ),
    )}`;
}

/** The queries where most was lost. */
export function lostTable({ lost, curve }: RunResult, unit: string): Html {
  const { mean, queries, way } = lost;
  const point = curve[way];
  if (queries.length === 0) return html`<p>Nothing was lost: no model does better on any query.</p>`;
  const model = (each: LostModel | null): Html =>
    each === null
      ? html`none`
      : html`${each.model}<span class="origin"
            >quality
            ${Number(each.quality.toFixed(3))}${each.predicted === null ? '' : `, predicted ${each.predicted.toFixed(2)}`}${each.costUsd === null ? '' : `, ${costText(each.costUsd, unit)}`}</span
          >`;
  return html`<p>
      At the cheapest trade-off that keeps 99 % of its best quality (quality
      ${fourDecimals(point?.quality ?? null)}${point === undefined || unit === '' ? '' : `, ${costText(point.costUsd, unit)} per query`})
      it falls ${fourDecimals(mean)} short of the best model of each query. Of equal losses those of which it was surest
      stand first.
    </p>
    ${table(
      ['query', 'eval name', 'lost', 'most likely chosen', 'cheapest of the best'],
      queries.map(
        (query) =>
          html`<tr>
            <td class="text">${query.text ?? ''}<span class="origin">${query.sampleId}</span></td>
            <td class="wrap">${query.group}</td>
            <td>${Number(query.lost.toFixed(3))}</td>
            <td class="wrap">${model(query.chosen)}</td>
            <td class="wrap">${model(query.best)}</td>
          </tr>`,
      ),
    )}`;
}

/** Data that was read. */
export function sourceTable(told: { readonly sources: readonly DataSource[] }): Html {
  const sources = [...new Map(told.sources.map((source) => [source.name, source])).values()];
  return table(
    ['data', 'rows', 'licence', 'use', 'sha256'],
    sources.map(
      ({ name, rows, licence, use, sha256 }) =>
        html`<tr>
          <td>${name}</td>
          <td>${rows}</td>
          <td class="wrap">${licence ?? 'not stated'}</td>
          <td>${use}</td>
          <td><code>${sha256.slice(0, 16)}</code></td>
        </tr>`,
    ),
  );
}

/** Settings that were tried, and what they came to. */
export function tuningTable({ estimator }: RunResult): Html {
  if (estimator === null) return html``;
  const chosen = new Set([`quality${JSON.stringify(estimator.quality)}`, `cost${JSON.stringify(estimator.cost)}`]);
  return html`<details>
    <summary>${estimator.name}: settings that were tried</summary>
    <p>Chosen by ${estimator.criterion}: ${fourDecimals(estimator.score)}.</p>
    ${table(
      ['quantity', 'setting', 'score', 'folds', ''],
      estimator.trials.map(
        ({ quantity, options, score, folds }) =>
          html`<tr>
            <td>${quantity}</td>
            <td class="wrap"><code>${JSON.stringify(options)}</code></td>
            <td>${fourDecimals(score)}</td>
            <td>${folds}</td>
            <td>${chosen.has(quantity + JSON.stringify(options)) ? 'chosen' : ''}</td>
          </tr>`,
      ),
    )}
  </details>`;
}

/** Single models, best first. */
export function singlesTable({ models, baselines, costUnit }: ReplayResult): Html {
  return table(
    ['single model', 'quality', ...(baselines.hasCost ? ['cost'] : [])],
    [...models]
      .sort((a, b) => b.quality - a.quality)
      .map(
        ({ model, quality, costUsd }) =>
          html`<tr>
            <td>${model}</td>
            ${cells([fourDecimals(quality), ...(baselines.hasCost ? [costText(costUsd, costUnit)] : [])])}
          </tr>`,
      ),
  );
}

const interval = (value: Interval): Html =>
  html`${fourDecimals(value.value)}<span class="origin">${rangeOf(value)}</span>`;

function gain(value: Interval): Html {
  const kind = value.low > 0 ? 'good' : value.high < 0 ? 'bad' : '';
  return html`<span class="${kind}">${signed(value.value)}</span><span class="origin">${signedRangeOf(value)}</span>`;
}

/** An interval as a drawing, with a line at no difference; nothing where there is none. */
function whisker({ value, low, high }: Interval, reach: number): Html {
  if (Number.isNaN(low)) return html``;
  const x = (each: number): string => (75 + (each / reach) * 70).toFixed(1);
  return html`<svg class="gain" viewBox="0 0 150 16" aria-hidden="true">
    <line class="nought" x1="75" x2="75" y1="0" y2="16" />
    <line x1="${x(low)}" x2="${x(high)}" y1="8" y2="8" />
    <circle cx="${x(value)}" cy="8" r="3.2" />
  </svg>`;
}
