import type { Calibration, CostCalibration, QualityCalibration } from '../calibration.ts';
import { fixed } from './cost-quality-plot.ts';
import { costTick, fourDecimals, percent } from './figures-text.ts';
import { html, type Html } from './html.ts';
import { linearScale, logScale, type Scale } from './scale.ts';

const size = 300;
const margin = { right: 12, top: 10, bottom: 38 } as const;
/** Room for a title and ticks: costs are longer than shares. */
const leftOf = { quality: 46, cost: 82 } as const;

/** Whether predictions can be believed: reliability over all models, the same by model, and cost. */
export function calibrationSection(calibration: Calibration, unit: string): Html {
  const { all, models, cost } = calibration;
  return html`<div class="pair">
      ${reliabilityPlot(all, 'predicted quality', 'mean quality')} ${cost === null ? null : costPlot(cost, unit)}
    </div>
    <p>${verdict(all)}${cost === null ? null : costVerdict(cost)}</p>
    <details>
      <summary>By model</summary>
      <div class="small-multiples">
        ${models.map((model) => html`<div><strong>${model.model}</strong>${reliabilityPlot(model, '', '')}</div>`)}
      </div>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>model</th>
              <th>ECE</th>
              <th>ECE if perfect (95 % below)</th>
              <th>Brier</th>
              <th>Brier of the mean</th>
              <th>slope</th>
            </tr>
          </thead>
          <tbody>
            ${[{ model: 'all', ...all }, ...models].map(
              (row) =>
                html`<tr>
                  <td>${row.model}</td>
                  <td>${fourDecimals(row.ece)}</td>
                  <td>${fourDecimals(row.perfect.mean)} (${fourDecimals(row.perfect.high)})</td>
                  <td>${fourDecimals(row.brier)}</td>
                  <td>${fourDecimals(row.brierOfBaseRate)}</td>
                  <td>${row.slope === null ? '–' : row.slope.toFixed(2)}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </details>`;
}

function verdict({ ece, perfect, brier, brierOfBaseRate, slope }: QualityCalibration): string {
  const believed = ece <= perfect.high ? 'no more than chance would give a perfect predictor' : 'more than chance';
  const spread =
    slope === null
      ? ''
      : slope < 0.9
        ? ' Predictions are too spread out'
        : slope > 1.1
          ? ' Predictions are too timid'
          : '';
  return (
    `Predicted and true quality differ by ${fourDecimals(ece)} on average (ECE), ${believed} (${fourDecimals(perfect.mean)}). ` +
    `Brier score ${fourDecimals(brier)}; always predicting the mean gets ${fourDecimals(brierOfBaseRate)}.` +
    (spread === '' ? '' : `${spread} (slope ${slope?.toFixed(2) ?? ''}).`)
  );
}

function costVerdict({ meanAbsolutePercentage, ratioOfTotals }: CostCalibration): string {
  return ` Predicted cost is off by ${percent(meanAbsolutePercentage)} per query; in total it is ${ratioOfTotals === null ? '–' : ratioOfTotals.toFixed(3)} times the true bill.`;
}

function reliabilityPlot({ bins }: QualityCalibration, across: string, up: string): Html {
  const scale = (from: number, to: number): Scale => linearScale(0, 1, from, to, 2);
  return scatter({
    left: leftOf.quality,
    x: scale(leftOf.quality, size - margin.right),
    y: scale(size - margin.bottom, margin.top),
    bins,
    across,
    up,
    ends: [0, 1],
    text: (tick) => String(tick),
  });
}

function costPlot({ bins }: CostCalibration, unit: string): Html {
  const values = bins.flatMap(({ predicted, observed }) => [predicted, observed]).filter((value) => value > 0);
  if (values.length === 0) return html``;
  const [low, high] = [Math.min(...values) / 1.3, Math.max(...values) * 1.3];
  return scatter({
    left: leftOf.cost,
    x: logScale(low, high, leftOf.cost, size - margin.right),
    y: logScale(low, high, size - margin.bottom, margin.top),
    bins,
    across: 'predicted cost',
    up: 'mean cost',
    ends: [low, high],
    text: (tick) => costTick(tick, unit),
  });
}

interface Scatter {
  readonly left: number;
  readonly x: Scale;
  readonly y: Scale;
  readonly bins: QualityCalibration['bins'];
  readonly across: string;
  readonly up: string;
  readonly ends: readonly [number, number];
  readonly text: (tick: number) => string;
}

/** Bins on a diagonal; a dot's area is how many rows it has. */
function scatter({ left, x, y, bins, across, up, ends, text }: Scatter): Html {
  const most = Math.max(1, ...bins.map(({ count }) => count));
  const [low, high] = ends;
  const bottom = size - margin.bottom;
  const line = bins
    .map(({ predicted, observed }) => `${fixed(x.place(predicted))},${fixed(y.place(observed))}`)
    .join(' ');
  const clear = (ticks: readonly number[]): readonly number[] =>
    ticks.length > 3 ? ticks.filter((_, i) => i % Math.ceil(ticks.length / 3) === 0) : ticks;
  return html`<svg
    class="scatter"
    viewBox="0 0 ${size} ${size}"
    role="img"
    aria-label="${up === '' ? 'reliability' : `${up} over ${across}`}, ${bins.length} bins"
  >
    <g class="axes">
      ${clear(x.ticks).map((tick) => html`<line x1="${fixed(x.place(tick))}" x2="${fixed(x.place(tick))}" y1="${margin.top}" y2="${bottom}" /><text x="${fixed(x.place(tick))}" y="${bottom + 15}" text-anchor="middle">${text(tick)}</text>`)}
      ${clear(y.ticks).map((tick) => html`<line x1="${left}" x2="${size - margin.right}" y1="${fixed(y.place(tick))}" y2="${fixed(y.place(tick))}" /><text x="${left - 5}" y="${fixed(y.place(tick) + 4)}" text-anchor="end">${text(tick)}</text>`)}
      <text class="title" x="${(left + size - margin.right) / 2}" y="${size - 4}" text-anchor="middle">${across}</text>
      <text class="title" transform="rotate(-90)" x="${-size / 2}" y="8" text-anchor="middle">${up}</text>
    </g>
    <line
      class="diagonal"
      x1="${fixed(x.place(low))}"
      y1="${fixed(y.place(low))}"
      x2="${fixed(x.place(high))}"
      y2="${fixed(y.place(high))}"
    />
    <polyline class="hull" points="${line}" />
    ${bins.map(({ predicted, observed, count }) => html`<circle class="bin" cx="${fixed(x.place(predicted))}" cy="${fixed(y.place(observed))}" r="${fixed(2 + 4 * Math.sqrt(count / most))}"><title>predicted ${Number(predicted.toPrecision(3))}, found ${Number(observed.toPrecision(3))}, ${count} rows</title></circle>`)}
  </svg>`;
}
