import { sortedQuantile } from '../metrics/quantile.ts';
import type { ReplayTiming } from '../replay.ts';
import { textTable } from './text-table.ts';

/** How long programs took for an answer, for the terminal; empty where none ran. */
export function formatTimings(timings: readonly ReplayTiming[]): string {
  if (timings.length === 0) return '';
  const rows = timings.map(({ label, latencyMs }) => {
    const sorted = latencyMs.slice().sort();
    const milliseconds = [0.5, 0.95, 1].map((share) => sortedQuantile(sorted, share).toFixed(2));
    return [label, String(sorted.length), ...milliseconds];
  });
  return `\n${textTable(['program', 'answers', 'ms p50', 'p95', 'worst'], rows)}\n`;
}
