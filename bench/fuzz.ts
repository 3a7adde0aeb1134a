/**
 * `npm run fuzz`: 100,000 generated bodies and 100,000 generated answers of an upstream through the whole gateway.
 * Writes its table into docs/faults.md. `--count 1000 --seed x` for others; `--no-docs` only prints.
 */
import { parseArgs } from 'node:util';
import { fuzzAnswers, fuzzBodies, type FuzzOptions, type FuzzResult } from '../test/helpers/fuzz.ts';
import { writeBetween } from './write-between.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '20261122' },
    docs: { type: 'boolean', default: true },
  },
  allowNegative: true,
});
const count = Number(values.count);
if (!Number.isInteger(count) || count < 1) {
  process.stderr.write('--count takes a whole number above 0.\n');
  process.exit(2);
}

const run = (name: string, fuzz: (options: FuzzOptions) => Promise<FuzzResult>): Promise<FuzzResult> =>
  fuzz({
    count,
    seed: values.seed,
    onProgress: (done) => {
      if (Math.round(done * count) % 10_000 === 0)
        process.stderr.write(`${name} ${(100 * done).toFixed(0).padStart(3)} %\n`);
    },
  });
const results = [
  ['bodies of clients', await run('bodies', fuzzBodies)],
  ['answers of upstreams', await run('answers', fuzzAnswers)],
] as const;

for (const [name, { faults, defects }] of results) {
  for (const each of [...faults.slice(0, 10), ...defects]) process.stderr.write(`${name}: ${each}\n`);
}
const text = [
  `Seed \`${values.seed}\`, Node ${process.versions.node}.`,
  '',
  '| | cases | whole | error answer | error event | 500, silent, hung | leaked calls | stuck sockets | unhandled |',
  '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
  ...results.map(([name, result]) => row(name, result)),
].join('\n');
process.stdout.write(`${text}\n`);
if (values.docs) writeBetween('docs/faults.md', 'fuzz', text);
// Left to itself, Node 20 spins for ever at its end over sockets that the upstreams have reset.
process.exit(results.every(([, result]) => sound(result)) ? 0 : 1);

function sound({ faults, leakedCalls, stuckSockets, unhandled, defects }: FuzzResult): boolean {
  return faults.length + leakedCalls + stuckSockets + unhandled + defects.length === 0;
}

function row(name: string, { outcomes, faults, leakedCalls, stuckSockets, unhandled, ...rest }: FuzzResult): string {
  const refused = Object.entries(outcomes)
    .filter(([outcome]) => outcome.startsWith('error before'))
    .reduce((sum, [, times]) => sum + times, 0);
  const cells = [name, rest.count, outcomes['whole'] ?? 0, refused, outcomes['error event'] ?? 0, faults.length];
  return `| ${[...cells, leakedCalls, stuckSockets, unhandled].join(' | ')} |`;
}
