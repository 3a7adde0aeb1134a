import type { ReplayResult } from '../replay-result.ts';
import { colours, fixed } from './cost-quality-plot.ts';
import { fourDecimals } from './figures-text.ts';
import { html, type Html } from './html.ts';
import { linearScale } from './scale.ts';

const width = 980;
const nameWidth = 300;
const lineHeight = 22;

/** For a set without cost: routers and single models by mean quality, best first. */
export function qualityBars({ runs, models, baselines }: ReplayResult): Html {
  const lines = [
    ...runs.map(({ label, top }, i) => ({
      key: `run:${i}:0`,
      name: label,
      quality: top.point.quality,
      colour: `var(--c${i % colours})`,
    })),
    ...models.map(({ model, quality }, m) => ({ key: `model:${m}`, name: model, quality, colour: 'var(--muted)' })),
    { key: 'oracle', name: 'oracle', quality: baselines.oracle.quality, colour: 'var(--c6)' },
    { key: 'random', name: 'random', quality: baselines.random.quality, colour: 'var(--muted)' },
  ].sort((a, b) => b.quality - a.quality);
  const height = lines.length * lineHeight + 26;
  const x = linearScale(0, 1, nameWidth, width - 70, 5);
  return html`<figure class="plot" id="plot">
    <svg viewBox="0 0 ${width} ${height}" role="group" aria-label="Mean quality of routers and single models">
      <g class="axes">
        ${x.ticks.map((tick) => html`<line x1="${fixed(x.place(tick))}" x2="${fixed(x.place(tick))}" y1="0" y2="${height - 20}" /><text x="${fixed(x.place(tick))}" y="${height - 5}" text-anchor="middle">${String(tick)}</text>`)}
      </g>
      ${lines.map(({ key, name, quality, colour }, i) => html`<g class="mark" data-key="${key}"><text x="${nameWidth - 8}" y="${i * lineHeight + 15}" text-anchor="end">${name.length > 44 ? `${name.slice(0, 43)}…` : name}</text><path d="M${nameWidth} ${i * lineHeight + 4}H${fixed(x.place(quality))}v14H${nameWidth}Z" style="fill:${colour}" /><text x="${fixed(x.place(quality) + 6)}" y="${i * lineHeight + 15}">${fourDecimals(quality)}</text></g>`)}
    </svg>
    <figcaption>The data set knows no cost, so quality alone is compared.</figcaption>
  </figure>`;
}
