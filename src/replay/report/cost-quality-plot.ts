import type { Point } from '../metrics/point.ts';
import type { ReplayResult } from '../replay-result.ts';
import { costTick } from './figures-text.ts';
import { html, type Html } from './html.ts';
import { createLabels } from './labels.ts';
import { linearScale, logScale, type Scale } from './scale.ts';

const box = { width: 980, height: 520, left: 62, right: 24, top: 18, bottom: 52 } as const;

/** Colours of the page's style: runs take them in turn. */
export const colours = 10;

/**
 * Quality over cost per query: each run's points and hull, single models, zero router, random and oracle. Drawn twice,
 * since a switch of the page shows one of them; without a script it still shows all but the tooltips.
 */
export function costQualityPlot(result: ReplayResult): Html {
  return html`<figure class="plot" id="plot">
    <fieldset class="switch"><legend>Cost axis</legend></fieldset>
    <input type="radio" name="x" id="x-log" checked /><label for="x-log">log</label>
    <input type="radio" name="x" id="x-linear" /><label for="x-linear">linear</label>
    ${drawing(result, 'log')} ${drawing(result, 'linear')} ${legend(result)}
    <figcaption>
      Each point is one trade-off; the line is its hull: every mean on it can be had by drawing between two settings.
      Point at one, or tab to a router and step with the arrow keys.
    </figcaption>
  </figure>`;
}

function drawing(result: ReplayResult, kind: 'log' | 'linear'): Html {
  const { models, runs, baselines, costUnit } = result;
  const zero = baselines.zero?.hull ?? [];
  const all: readonly Point[] = [...models, ...runs.flatMap(({ curve }) => curve), baselines.oracle, baselines.random];
  const x = costScale(all, kind);
  const y = qualityScale(all);
  const at = ({ costUsd, quality }: Point): readonly [number, number] => [x.place(costUsd), y.place(quality)];
  // A mean of two settings lies on the line between them, which a log axis bends.
  const path = (hull: readonly Point[]): string => pathOf(kind === 'log' ? fine(hull) : hull);
  const pathOf = (points: readonly Point[]): string => points.map((point) => at(point).map(fixed).join(',')).join(' ');
  const labels = createLabels({ width: box.width - box.right, height: box.height - box.bottom, left: box.left });
  const oracle = at(baselines.oracle);
  const random = at(baselines.random);
  for (const run of runs) for (const point of run.curve) labels.avoid(...at(point));
  const marks = [
    ...models.map((model, m) => {
      const [cx, cy] = at(model);
      const name = model.model.split('/').at(-1) ?? model.model;
      return html`<g class="mark single" data-key="model:${m}"
        ><rect
          x="${fixed(cx - 4.5)}"
          y="${fixed(cy - 4.5)}"
          width="9"
          height="9"
          transform="rotate(45 ${fixed(cx)} ${fixed(cy)})"
        />${labels.label(cx, cy, name)}</g
      >`;
    }),
    html`<g class="mark oracle" data-key="oracle"
      ><path d="${star(...oracle)}" />${labels.label(...oracle, 'oracle')}</g
    >`,
    html`<g class="mark random" data-key="random"
      ><path d="${cross(...random)}" />${labels.label(...random, 'random')}</g
    >`,
  ];
  const labelled = `Quality over cost per query, ${kind} cost axis`;
  return html`<svg class="${kind}" viewBox="0 0 ${box.width} ${box.height}" role="group" aria-label="${labelled}">
    ${axes(x, y, costUnit)}
    <g class="zero"><polyline points="${path([...zero, ...flat(zero, x)])}" /></g>
    ${runs.map(
      (run, i) =>
        html`<g
          class="series"
          style="--colour:var(--c${i % colours})"
          data-run="${i}"
          tabindex="0"
          role="group"
          aria-label="${run.label}: ${run.curve.length} trade-offs, step with the arrow keys"
        >
          <polyline class="hull" points="${path(run.hull)}" />
          ${distinct(run.curve).map((way) => {
            const [cx, cy] = at(run.curve[way] ?? { costUsd: 0, quality: 0 });
            return html`<circle
              class="point"
              data-key="run:${i}:${way}"
              cx="${fixed(cx)}"
              cy="${fixed(cy)}"
              r="3.6"
            />`;
          })}
        </g>`,
    )}
    ${marks}
  </svg>`;
}

function axes(x: Scale, y: Scale, unit: string): Html {
  const [left, right] = [box.left, box.width - box.right];
  const [top, bottom] = [box.top, box.height - box.bottom];
  return html`<g class="axes">
    ${y.ticks.map((tick) => html`<line x1="${left}" x2="${right}" y1="${fixed(y.place(tick))}" y2="${fixed(y.place(tick))}" /><text x="${left - 8}" y="${fixed(y.place(tick) + 4)}" text-anchor="end">${String(tick)}</text>`)}
    ${x.ticks.map((tick) => html`<line x1="${fixed(x.place(tick))}" x2="${fixed(x.place(tick))}" y1="${top}" y2="${bottom}" /><text x="${fixed(x.place(tick))}" y="${bottom + 18}" text-anchor="middle">${costTick(tick, unit)}</text>`)}
    <text class="title" x="${(left + right) / 2}" y="${box.height - 8}" text-anchor="middle"
      >mean cost per query${unit === 'usd' ? '' : `, ${unit}`}</text
    >
    <text class="title" transform="rotate(-90)" x="${-(top + bottom) / 2}" y="16" text-anchor="middle"
      >mean quality</text
    >
  </g>`;
}

function legend({ runs }: ReplayResult): Html {
  return html`<ul class="legend">
    ${runs.map(
      (run, i) =>
        html`<li>
          <label style="--colour:var(--c${i % colours})"
            ><input type="checkbox" checked data-toggle="${i}" /><span class="swatch"></span
            >${run.label}${run.origin === 'reimplemented here' ? null : html` <em>${run.origin}</em>`}</label
          >
        </li>`,
    )}
    <li><span class="swatch dashed"></span>zero router: mixes of single models</li>
    <li><span class="swatch diamond"></span>single model</li>
  </ul>`;
}

function costScale(points: readonly Point[], kind: 'log' | 'linear'): Scale {
  const costs = points.map(({ costUsd }) => costUsd);
  const [from, to] = [box.left, box.width - box.right];
  const most = Math.max(...costs) || 1;
  if (kind === 'linear') return linearScale(0, most * 1.04, from, to, 8);
  const positive = costs.filter((cost) => cost > 0);
  const least = positive.length === 0 ? most / 10 : Math.min(...positive);
  return logScale(least / 1.25, most * 1.25, from, to);
}

function qualityScale(points: readonly Point[]): Scale {
  const qualities = points.map(({ quality }) => quality);
  const [low, high] = [Math.min(...qualities), Math.max(...qualities)];
  const pad = (high - low || 0.1) * 0.06;
  return linearScale(Math.max(0, low - pad), Math.min(1, high + pad), box.height - box.bottom, box.top);
}

/** The first of each set of equal points. */
export function distinct(curve: readonly Point[]): readonly number[] {
  const seen = new Set<string>();
  return curve.flatMap(({ costUsd, quality }, way) => {
    const key = `${costUsd} ${quality}`;
    if (seen.has(key)) return [];
    seen.add(key);
    return [way];
  });
}

const steps = 24;

/** The same line in short pieces. */
function fine(hull: readonly Point[]): readonly Point[] {
  return hull.flatMap((point, i) => {
    const next = hull[i + 1];
    if (next === undefined) return [point];
    return Array.from({ length: steps }, (_, step) => ({
      costUsd: point.costUsd + ((next.costUsd - point.costUsd) * step) / steps,
      quality: point.quality + ((next.quality - point.quality) * step) / steps,
    }));
  });
}

/** The zero router goes on at its best quality, to the right end. */
function flat(hull: readonly Point[], x: Scale): readonly Point[] {
  const last = hull.at(-1);
  const end = x.ticks.at(-1) ?? 0;
  return last === undefined || end <= last.costUsd ? [] : [{ costUsd: end, quality: last.quality }];
}

export const fixed = (value: number): string => value.toFixed(1);

const cross = (x: number, y: number): string =>
  `M${fixed(x - 5)} ${fixed(y - 5)}L${fixed(x + 5)} ${fixed(y + 5)}M${fixed(x - 5)} ${fixed(y + 5)}L${fixed(x + 5)} ${fixed(y - 5)}`;

function star(x: number, y: number): string {
  const corners = Array.from({ length: 10 }, (_, i) => {
    const angle = -Math.PI / 2 + (i * Math.PI) / 5;
    const radius = i % 2 === 0 ? 9 : 3.8;
    return `${fixed(x + radius * Math.cos(angle))} ${fixed(y + radius * Math.sin(angle))}`;
  });
  return `M${corners.join('L')}Z`;
}
