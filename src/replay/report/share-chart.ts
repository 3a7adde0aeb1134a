import type { ReplayResult, RunResult } from '../replay-result.ts';
import { colours, fixed } from './cost-quality-plot.ts';
import { percent } from './figures-text.ts';
import { html, type Html } from './html.ts';

const box = { width: 980, height: 250, left: 46, right: 12, top: 10, bottom: 40 } as const;
/** Models with a colour of their own; the rest share one. */
const mostModels = 9;

/** What each model got, over the trade-off: stacked shares of queries. One point of a curve gives one bar. */
export function shareChart(result: ReplayResult, run: RunResult, index: number): Html {
  const { models } = result;
  const colourOf = modelColours(result);
  const { curve } = run;
  const mean = models.map((_, m) => curve.reduce((sum, { shares }) => sum + (shares[m] ?? 0), 0));
  const order = [...models.keys()].sort((a, b) => (mean[b] ?? 0) - (mean[a] ?? 0)).filter((m) => (mean[m] ?? 0) > 0);
  const shown = order.length <= mostModels + 1 ? order : order.slice(0, mostModels);
  const rest = order.slice(shown.length);
  const layers = [
    ...shown.map((m) => ({ name: models[m]?.model ?? '', members: [m], colour: colourOf.get(m) ?? 'var(--muted)' })),
    ...(rest.length === 0 ? [] : [{ name: `${rest.length} others`, members: rest, colour: 'var(--muted)' }]),
  ];
  const [left, right] = [box.left, box.width - box.right];
  const [top, bottom] = [box.top, box.height - box.bottom];
  const ways = curve.length;
  const x = (way: number): number => (ways === 1 ? left : left + ((right - left) * way) / (ways - 1));
  const y = (share: number): number => bottom - share * (bottom - top);
  const below = new Float64Array(ways);
  const areas = layers.map(({ name, members, colour }) => {
    const lower = below.slice();
    curve.forEach(({ shares }, way) => {
      below[way] = (below[way] ?? 0) + members.reduce((sum, m) => sum + (shares[m] ?? 0), 0);
    });
    const edge = (heights: Float64Array): string[] =>
      ways === 1
        ? [left, right].map((place) => `${fixed(place)} ${fixed(y(heights[0] ?? 0))}`)
        : Array.from(heights, (height, way) => `${fixed(x(way))} ${fixed(y(height))}`);
    return html`<path d="M${edge(below).join('L')}L${edge(lower).reverse().join('L')}Z" style="fill:${colour}"
      ><title>${name}</title></path
    >`;
  });
  const ticks = ticksOf(run);
  const axis = run.axis === 'lambda' ? 'λ, quality per unit of cost' : (run.axis ?? 'one setting');
  return html`<figure
    class="shares"
    data-shares="${index}"
    data-left="${left}"
    data-right="${right}"
    data-width="${box.width}"
  >
    <svg
      viewBox="0 0 ${box.width} ${box.height}"
      role="img"
      aria-label="Share of queries of each model over the trade-off, ${run.label}"
    >
      ${areas}
      <g class="axes">
        ${[0, 0.5, 1].map((share) => html`<line x1="${left}" x2="${right}" y1="${fixed(y(share))}" y2="${fixed(y(share))}" /><text x="${left - 6}" y="${fixed(y(share) + 4)}" text-anchor="end">${percent(share).replace('.0', '')}</text>`)}
        ${ticks.map((way) => html`<text x="${fixed(x(way))}" y="${bottom + 16}" text-anchor="middle">${String(Number((curve[way]?.setting ?? 0).toPrecision(run.axis === 'lambda' ? 1 : 3)))}</text>`)}
        <text class="title" x="${(left + right) / 2}" y="${box.height - 6}" text-anchor="middle">${axis}</text>
      </g>
      <line class="guide" y1="${top}" y2="${bottom}" x1="-9" x2="-9" />
    </svg>
    <ul class="legend">
      ${layers.map(({ name, colour }) => html`<li><span class="swatch" style="--colour:${colour}"></span>${name}</li>`)}
    </ul>
  </figure>`;
}

/** The same colour for a model in every chart; those that get most over all routers have one of their own. */
function modelColours({ models, runs }: ReplayResult): ReadonlyMap<number, string> {
  const total = models.map((_, m) =>
    runs.reduce(
      (sum, { curve }) => sum + curve.reduce((part, { shares }) => part + (shares[m] ?? 0), 0) / curve.length,
      0,
    ),
  );
  const order = [...models.keys()].sort((a, b) => (total[b] ?? 0) - (total[a] ?? 0));
  return new Map(order.map((m, place) => [m, `var(--c${place % colours})`]));
}

/** Ways with a label: the powers of ten of lambda, else at equal steps. */
function ticksOf({ curve, axis }: RunResult): readonly number[] {
  const last = curve.length - 1;
  if (last < 1) return [];
  if (axis !== 'lambda') return Array.from({ length: 9 }, (_, i) => Math.round((last * i) / 8));
  const powers = [0.1, 1, 10, 100, 1e3, 1e4, 1e5].map((power) =>
    curve.findIndex(({ setting }) => (setting ?? 0) >= power * 0.97),
  );
  return [...new Set([0, ...powers.filter((way) => way > 0)])].filter((way) => way === 0 || way > last / 20);
}
