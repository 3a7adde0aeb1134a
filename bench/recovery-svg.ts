interface Chart {
  /** [requests] in 0..1 each. */
  readonly lines: readonly { readonly name: string; readonly colour: string; readonly values: readonly number[] }[];
  /** First request that is drawn: before it the window is not full. */
  readonly from: number;
  readonly change: { readonly at: number; readonly text: string };
  readonly window: number;
}

const [width, height] = [760, 320];
const box = { left: 52, right: 744, top: 54, bottom: 276 };

/** Quality over requests as an SVG that reads on light and dark pages. */
export function recoverySvg({ lines, from, change, window }: Chart): string {
  const count = lines[0]?.values.length ?? 1;
  const x = (request: number): number => box.left + ((box.right - box.left) * request) / count;
  const y = (value: number): number => box.bottom - (box.bottom - box.top) * value;
  const points = (values: readonly number[]): string =>
    values
      .map((value, i) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`)
      .slice(from)
      .join(' ');
  const text = (at: { x: number; y: number }, said: string, more = ''): string =>
    `<text x="${at.x.toFixed(1)}" y="${at.y.toFixed(1)}" ${more}>${said}</text>`;
  const levels = [0, 0.25, 0.5, 0.75, 1].map(
    (level) =>
      `<line x1="${box.left}" x2="${box.right}" y1="${y(level)}" y2="${y(level)}" stroke="#e3e3e0"/>` +
      text({ x: box.left - 8, y: y(level) + 4 }, `${level}`, 'text-anchor="end"'),
  );
  const step = count > 600 ? 150 : 100;
  const ticks = Array.from({ length: Math.floor(count / step) + 1 }, (_, i) =>
    text({ x: x(i * step), y: box.bottom + 18 }, `${i * step}`, 'text-anchor="middle"'),
  );
  const legend = lines.map(
    ({ name, colour }, i) =>
      `<line x1="${box.left + i * 330}" x2="${box.left + 22 + i * 330}" y1="20" y2="20" stroke="${colour}" stroke-width="3"/>` +
      text({ x: box.left + 30 + i * 330, y: 24 }, name),
  );
  const curves = lines.map(
    ({ values, colour }) =>
      `<polyline points="${points(values)}" fill="none" stroke="${colour}" stroke-width="2" stroke-linejoin="round"/>`,
  );
  const at = x(change.at);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12" fill="#333" role="img" aria-label="Quality of the answers over requests, before and after one model gets worse">
<rect width="${width}" height="${height}" fill="#fff"/>
${levels.join('\n')}
${ticks.join('\n')}
<line x1="${at}" x2="${at}" y1="${box.top - 8}" y2="${box.bottom}" stroke="#555" stroke-dasharray="4 4"/>
${text({ x: at + 6, y: box.top - 2 }, change.text)}
${curves.join('\n')}
${legend.join('\n')}
${text({ x: (box.left + box.right) / 2, y: height - 8 }, `requests; mean quality of the last ${window} answers`, 'text-anchor="middle"')}
</svg>
`;
}
