/**
 * `npm run chaos`: 200 clients, three targets of two models, five minutes of faults. Writes its table into
 * docs/faults.md. `--seconds 60 --seed x --clients 200` for others; `--no-docs` only prints.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { runChaos, type ChaosResult } from '../test/helpers/chaos.ts';
import { writeBetween } from './write-between.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '300' },
    clients: { type: 'string', default: '200' },
    seed: { type: 'string', default: '20261122' },
    docs: { type: 'boolean', default: true },
  },
  allowNegative: true,
});
const seconds = Number(values.seconds);
const clients = Number(values.clients);
if (!(seconds > 0) || !Number.isInteger(clients) || clients < 1) {
  process.stderr.write('--seconds takes a number above 0, --clients a whole number above 0.\n');
  process.exit(2);
}

const result = await runChaos({
  clients,
  durationMs: seconds * 1_000,
  seed: values.seed,
  onProgress: (done, counts) => {
    process.stderr.write(`${(100 * done).toFixed(0).padStart(3)} %  ${counts.requests} requests\n`);
  },
});
const text = table(result);
process.stdout.write(`${text}\n`);
for (const sample of result.samples.filter((each) => !each.startsWith('error event'))) {
  process.stderr.write(`${sample}\n`);
}
if (values.docs) writeBetween('docs/faults.md', 'chaos', text);
// Left to itself, Node 20 spins for ever at its end over sockets that the upstreams have reset.
process.exit(passed(result) ? 0 : 1);

function passed({
  counts,
  successShare,
  unhandled,
  leakedCalls,
  heapBeforeBytes,
  heapAfterBytes,
}: ChaosResult): boolean {
  const none = counts.silentCuts + counts.hung + counts.broken + unhandled + leakedCalls === 0;
  return none && successShare >= 0.999 && heapAfterBytes < 1.1 * heapBeforeBytes;
}

function table({ counts, faults, ...rest }: ChaosResult): string {
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
  const rows: readonly (readonly [string, string, string])[] = [
    ['requests', `${counts.requests}`, ''],
    ['answered whole', `${counts.whole}`, ''],
    ['clients that left on purpose', `${counts.left}`, ''],
    ['refused before a byte, while one target was well all along', `${counts.refusedThoughOneLived}`, ''],
    ['share that succeeded while one was', `${(100 * rest.successShare).toFixed(3)} %`, '≥ 99.9 %'],
    ['refused before a byte, while none was well all along', `${counts.refusedWhileNoneLived}`, ''],
    ['streams broken after their first byte: one error event', `${counts.errorEvents}`, ''],
    ['the same: silent, or a false end', `${counts.silentCuts}`, '0'],
    ['hung past the last deadline', `${counts.hung}`, '0'],
    ['status 500 or an answer of no known shape', `${counts.broken}`, '0'],
    ['longest request, s', (rest.longestMs / 1_000).toFixed(1), ''],
    ['unhandled rejections', `${rest.unhandled}`, '0'],
    ['upstream calls that nobody waits for, at the end', `${rest.leakedCalls}`, '0'],
    [
      'heap after collection, warmed up → end, MB',
      `${megabytes(rest.heapBeforeBytes)} → ${megabytes(rest.heapAfterBytes)}`,
      '+ 10 %',
    ],
  ];
  const told = Object.entries(faults)
    .sort((a, b) => b[1] - a[1])
    .map(([name, times]) => `${name} ${times}`)
    .join(', ');
  return [
    `${seconds} s, ${clients} clients, seed \`${values.seed}\`; Node ${process.versions.node}, ${cpus()[0]?.model.trim() ?? 'unknown CPU'}; gateway, clients and upstreams in one process. Faults: ${told}.`,
    '',
    '| | measured | bar |',
    '| --- | ---: | ---: |',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');
}
