import { colours, fixed } from './cost-quality-plot.ts';
import { html, type Html } from './html.ts';
import type { Tips } from './page.ts';
import { linearScale, type Scale } from './scale.ts';

const box = { width: 980, height: 340, left: 92, right: 16, top: 26, bottom: 50 } as const;

/** Of a chart's x axis: a value with the middle of what was found and its lower and upper end. */
export interface LinePoint {
  readonly x: number;
  readonly low: number;
  readonly middle: number;
  readonly high: number;
}

export interface Line {
  readonly label: string;
  /** Place among the page's colours; what is about one router shares it in all charts. Null: a quiet one. */
  readonly colour: number | null;
  readonly isDashed: boolean;
  /** Shares a switch with every line of this number; null: always there. */
  readonly toggle: number | null;
  readonly points: readonly LinePoint[];
}

export interface LineChart {
  /** For keys of tooltips; no other chart of the page has it. */
  readonly id: string;
  readonly title: string;
  readonly across: string;
  readonly up: string;
  readonly lines: readonly Line[];
  /** Dashed across the chart, named. */
  readonly level: { readonly value: number; readonly name: string } | null;
  /** Upright marks, named. */
  readonly events: readonly { readonly x: number; readonly name: string }[];
  readonly writeX: (value: number) => string;
  readonly writeY: (value: number) => string;
  /** Shorter than `writeY`. */
  readonly writeTick: (value: number) => string;
  /** What a point's range is, for its tooltip. */
  readonly range: string;
  readonly caption: string;
}

/** Lines with a band around each, a tooltip for each point. */
export function lineChart(chart: LineChart): Html {
  const { lines, level, events, across, up } = chart;
  const points = lines.flatMap((line) => line.points);
  const [left, right] = [box.left, box.width - box.right];
  const [top, bottom] = [box.top, box.height - box.bottom];
  const x = linearScale(least(points.map((point) => point.x)), most(points.map((point) => point.x)), left, right, 8);
  const levels = level === null ? [] : [level.value];
  const values = [...points.flatMap(({ low, high }) => [low, high]), ...levels].filter(Number.isFinite);
  const [low, high] = [least(values), most(values)];
  const pad = (high - low || Math.abs(high) || 1) * 0.06;
  const y = linearScale(low - pad, high + pad, bottom, top, 6);
  return html`<figure class="plot">
    <svg viewBox="0 0 ${box.width} ${box.height}" role="group" aria-label="${chart.title}">
      <g class="axes">
        ${y.ticks.map((tick) => html`<line x1="${left}" x2="${right}" y1="${fixed(y.place(tick))}" y2="${fixed(y.place(tick))}" /><text x="${left - 8}" y="${fixed(y.place(tick) + 4)}" text-anchor="end">${chart.writeTick(tick)}</text>`)}
        ${x.ticks.map((tick) => html`<text x="${fixed(x.place(tick))}" y="${bottom + 17}" text-anchor="middle">${chart.writeX(tick)}</text>`)}
        <text class="title" x="${(left + right) / 2}" y="${box.height - 8}" text-anchor="middle">${across}</text>
        <text class="title" transform="rotate(-90)" x="${-(top + bottom) / 2}" y="14" text-anchor="middle">${up}</text>
      </g>
      ${events.map(({ x: at, name }, i) => {
        const place = x.place(at);
        const isLate = place > (left + right) / 2;
        return html`<g class="event"
          ><line x1="${fixed(place)}" x2="${fixed(place)}" y1="${top}" y2="${bottom}" /><text
            x="${fixed(place + (isLate ? -5 : 5))}"
            y="${top - 8 + (i % 3) * 14}"
            text-anchor="${isLate ? 'end' : 'start'}"
            >${name}</text
          ></g
        >`;
      })}
      ${
        level === null
          ? null
          : html`<line
                class="level"
                x1="${left}"
                x2="${right}"
                y1="${fixed(y.place(level.value))}"
                y2="${fixed(y.place(level.value))}"
              /><text x="${right}" y="${fixed(y.place(level.value) + 15)}" text-anchor="end">${level.name}</text>`
      }
      ${lines.map((line, i) => drawing(chart.id, line, i, x, y))}
    </svg>
    <figcaption>${chart.caption}</figcaption>
  </figure>`;
}

function drawing(id: string, line: Line, i: number, x: Scale, y: Scale): Html {
  const points = line.points.filter(({ low, middle, high }) => [low, middle, high].every(Number.isFinite));
  const at = (of: LinePoint, value: number): string => `${fixed(x.place(of.x))},${fixed(y.place(value))}`;
  const upper = points.map((point) => at(point, point.high));
  const lower = points.map((point) => at(point, point.low)).reverse();
  return html`<g
    class="series"
    style="--colour:var(--${line.colour === null ? 'soft' : `c${line.colour % colours}`})"
    data-run="${line.toggle ?? 'none'}"
    tabindex="0"
    role="group"
    aria-label="${line.label}: ${points.length} points, step with the arrow keys"
  >
    ${points.every(({ low, high }) => low === high) ? null : html`<polygon class="band" points="${[...upper, ...lower].join(' ')}" />`}
    <polyline
      class="hull ${line.isDashed ? 'dashed' : ''}"
      points="${points.map((point) => at(point, point.middle)).join(' ')}"
    />
    ${line.points.map((point, place) =>
      points.includes(point)
        ? html`<circle
            class="point"
            data-key="${id}:${i}:${place}"
            cx="${fixed(x.place(point.x))}"
            cy="${fixed(y.place(point.middle))}"
            r="3"
          />`
        : html``,
    )}
  </g>`;
}

/** What its points tell. */
export function lineTips({ id, lines, across, up, writeX, writeY, range }: LineChart): Tips {
  return Object.fromEntries(
    lines.flatMap(({ label, points }, i) =>
      points.map(({ x, low, middle, high }, place) => [
        `${id}:${i}:${place}`,
        {
          title: label,
          rows: [
            [across, writeX(x)],
            [up, writeY(middle)],
            ...(low === high ? [] : [[range, `${writeY(low)} to ${writeY(high)}`] as const]),
          ] as const,
        },
      ]),
    ),
  );
}

const least = (values: readonly number[]): number => values.reduce((low, value) => Math.min(low, value), Infinity);
const most = (values: readonly number[]): number => values.reduce((high, value) => Math.max(high, value), -Infinity);
