// Writes the tables of docs/performance.md from what run.mjs or gone.mjs measured: node bench/gateway/write-docs.mjs results.json
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

const measured = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const rows = measured.rows ?? [];
/** What CPU per request may be, in units of the floor of the same run. */
const bars = { 'json64k-c8': 1.3, 'json512k-c4': 1.3, 'sse-burst-c8': 1.5 };
const median = (values) => {
  const sorted = values.filter((value) => value !== null && value !== undefined).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return null;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};
const of = (scenario, target, key) =>
  median(rows.filter((row) => row.sn === scenario && row.t === target).map((row) => row[key]));
const show = (value, digits = 0) => (value === null ? '' : value.toFixed(digits));
const scenarios = [...new Set(rows.map((row) => row.sn))];
const targets = [...new Set(rows.map((row) => row.t))];
const rounds = Math.max(...rows.map((row) => row.round));
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
const tables = scenarios.map((scenario) => {
  const floor = of(scenario, 'fastify-lean', 'cpu_us');
  const measuredHere = targets.filter((target) => rows.some((row) => row.sn === scenario && row.t === target));
  const lines = measuredHere.map((target) => {
    const cpu = of(scenario, target, 'cpu_us');
    const ratio = cpu === null || floor === null ? '' : `${(cpu / floor).toFixed(2)} x`;
    const errors = rows.filter((row) => row.sn === scenario && row.t === target).reduce((sum, row) => sum + row.err, 0);
    const rps = of(scenario, target, 'rps');
    return `| ${target} | ${show(cpu)} | ${ratio} | ${show(rps)} | ${show(of(scenario, target, 'p50'), 2)} | ${show(of(scenario, target, 'p99'), 2)} | ${cpu === null ? '' : show(of(scenario, target, 'rss'))} | ${errors} |`;
  });
  const bar = bars[scenario] === undefined ? '' : `The bar: at most ${bars[scenario]} x the floor.\n\n`;
  return `### ${scenario}\n\n${bar}| target | CPU us per request | x floor | requests/s | p50 ms | p99 ms | RSS MB | errors |\n|---|---|---|---|---|---|---|---|\n${lines.join('\n')}`;
});
const where = `Commit ${commit}, ${cpus()[0]?.model.trim()}, ${cpus().length} virtual cores shared with other work, Node ${process.versions.node}`;
const gone = (measured.gone ?? []).map(
  ({ t, stream, count, seen, p50, p99 }) =>
    `| ${t} | ${stream ? 'streamed, after the first word' : 'whole, before any answer'} | ${seen} of ${count} | ${show(p50, 2)} | ${show(p99, 2)} |`,
);
const file = new URL('../../docs/performance.md', import.meta.url);
/** Replaces what stands between two marks of the page. */
const put = (begin, end, text) => {
  const page = readFileSync(file, 'utf8');
  writeFileSync(
    file,
    `${page.slice(0, page.indexOf(begin) + begin.length)}\n\n${text}\n\n${page.slice(page.indexOf(end))}`,
  );
};
if (measured.gone === undefined) {
  const text = `${where}, medians of ${rounds} interleaved rounds.\n\n${tables.join('\n\n')}`;
  put('<!-- figures -->', '<!-- /figures -->', text);
} else {
  const head = '| target | call | seen | p50 ms | p99 ms |\n|---|---|---|---|---|';
  put('<!-- gone -->', '<!-- /gone -->', `${where}, 16 clients at a time.\n\n${head}\n${gone.join('\n')}`);
}
