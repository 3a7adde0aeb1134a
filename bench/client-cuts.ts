/**
 * `npm run clients:cuts`: every client of the matrix reads 1,000 streams that are cut in the middle. Writes its table into
 * docs/clients.md. `--count 100 --seed x` for others; `--no-docs` only prints.
 */
import { parseArgs } from 'node:util';
import { runClientCuts, type CutCounts } from '../test/helpers/client-cuts.ts';
import { writeBetween } from './write-between.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1000' },
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
const all = await runClientCuts(count, values.seed, ({ client, errors, cuts }) => {
  process.stderr.write(`${client}: ${errors} of ${cuts}\n`);
});
const row = ({ client, cuts, errors, garbled }: CutCounts): string =>
  `| ${client} | ${errors} of ${cuts} | ${garbled} |`;
const text = [
  '| client | cuts seen as an error | text lost or doubled before it |',
  '|---|---|---|',
  ...all.map(row),
].join('\n');
process.stdout.write(`${text}\n`);
if (values.docs) writeBetween('docs/clients.md', 'cuts', text);
// Left to itself, Node 20 spins for ever at its end over sockets that the upstream has reset.
process.exit(all.every(({ cuts, errors, garbled }) => errors === cuts && garbled === 0) ? 0 : 1);
