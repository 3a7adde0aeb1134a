import { fixed } from './cost-quality-plot.ts';
import { html, type Html } from './html.ts';
import type { Tips } from './page.ts';
import { linearScale } from './scale.ts';

const width = 980;
const nameWidth = 250;
const rowHeight = 34;
const foot = 42;

export interface PlottedInterval {
  readonly name: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** One row: estimates of the same thing, one below the other; or why there is none. */
export interface IntervalRow {
  readonly label: string;
  readonly estimates: readonly PlottedInterval[];
  /** Instead of estimates. */
  readonly absent: string;
}

export interface IntervalPlot {
  /** For keys of tooltips; no other plot of the page has it. */
  readonly id: string;
  readonly title: string;
  readonly across: string;
  readonly rows: readonly IntervalRow[];
  /** A line with its band through all rows. */
  readonly beside: PlottedInterval | null;
  readonly write: (value: number) => string;
}

/** Points with whiskers, a row for each; unbounded whiskers run to the edge. */
export function intervalPlot({ id, title, across, rows, beside, write }: IntervalPlot): Html {
  const all = [...rows.flatMap(({ estimates }) => estimates), ...(beside === null ? [] : [beside])];
  const values = all.flatMap(({ value, low, high }) => [value, low, high]).filter(Number.isFinite);
  if (values.length === 0) return html`<p>Nothing is known of it.</p>`;
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const pad = (most - least || Math.abs(most) || 1) * 0.05;
  const [left, right] = [nameWidth, width - 20];
  const x = linearScale(least - pad, most + pad, left, right, 7);
  const place = (value: number): string => fixed(Math.max(left, Math.min(right, x.place(value))));
  const bottom = rows.length * rowHeight + 6;
  return html`<figure class="plot">
    <svg viewBox="0 0 ${width} ${bottom + foot}" role="group" aria-label="${title}">
      <g class="axes">
        ${x.ticks.map((tick) => html`<line x1="${place(tick)}" x2="${place(tick)}" y1="0" y2="${bottom}" /><text x="${place(tick)}" y="${bottom + 16}" text-anchor="middle">${write(tick)}</text>`)}
        <text class="title" x="${(left + right) / 2}" y="${bottom + 36}" text-anchor="middle">${across}</text>
      </g>
      ${
        beside === null
          ? null
          : html`<g class="mark" data-key="${id}:beside"
              ><rect
                class="logged-band"
                x="${place(beside.low)}"
                y="0"
                width="${fixed(Number(place(beside.high)) - Number(place(beside.low)))}"
                height="${bottom}" /><line
                class="level"
                x1="${place(beside.value)}"
                x2="${place(beside.value)}"
                y1="0"
                y2="${bottom}"
            /></g>`
      }
      ${rows.map(({ label, estimates, absent }, row) => {
        const middle = row * rowHeight + rowHeight / 2 + 3;
        const shown = label.length > 36 ? `${label.slice(0, 35)}…` : label;
        return html`<text class="wide-name" x="${left - 10}" y="${middle + 4}" text-anchor="end">${shown}</text>
          ${estimates.length === 0 ? html`<text x="${left + 10}" y="${middle + 4}">${absent}</text>` : null}
          ${estimates.map((estimate, i) => {
            const y = fixed(middle + (i - (estimates.length - 1) / 2) * 11);
            return html`<g class="mark" style="--colour:var(--c${i})" data-key="${id}:${row}:${i}"
              ><line
                class="whisker"
                x1="${place(estimate.low)}"
                x2="${place(estimate.high)}"
                y1="${y}"
                y2="${y}" /><circle class="point" cx="${place(estimate.value)}" cy="${y}" r="4"
            /></g>`;
          })}`;
      })}
    </svg>
  </figure>`;
}

/** What its marks tell. */
export function intervalTips({ id, rows, beside, write }: IntervalPlot): Tips {
  const told = (title: string, { name, value, low, high }: PlottedInterval): Tips[string] => ({
    title,
    rows: [
      [name, write(value)],
      ['95 %', Number.isFinite(low) ? `${write(low)} to ${write(high)}` : 'unbounded'],
    ],
  });
  return Object.fromEntries([
    ...rows.flatMap(({ label, estimates }, row) =>
      estimates.map((estimate, i) => [`${id}:${row}:${i}`, told(label, estimate)]),
    ),
    ...(beside === null ? [] : [[`${id}:beside`, told('as logged', beside)]]),
  ]);
}
