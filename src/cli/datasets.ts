import { basename } from 'node:path';
import { Command } from 'commander';
import { PointsmanError } from '../core/errors.ts';
import { knownSets, type KnownSet } from '../replay/datasets/known-sets.ts';
import { fetchFile } from '../replay/fetch-file.ts';
import { progressBar } from './progress-bar.ts';

interface FetchFlags {
  readonly url: string;
  readonly out?: string;
  readonly sha256?: string;
  readonly force?: boolean;
}

/** `pointsman datasets`: what is known of the data sets of others, and `fetch` for one file of them. */
export function datasetsCommand(): Command {
  const command = new Command('datasets')
    .description('List the data sets that can be read: licence, allowed use, size, how to fetch them.')
    .argument('[name]', 'all that is known of one')
    .option('--json', 'as JSON')
    .action((name: string | undefined, flags: { readonly json?: boolean }) => {
      const sets = name === undefined ? knownSets : [findSet(name)];
      process.stdout.write(
        flags.json === true ? `${JSON.stringify(sets, null, 2)}\n` : `${sets.map(describe).join('\n')}${footer}`,
      );
    });
  command.addCommand(
    new Command('fetch')
      .exitOverride()
      .description('Download one file of a data set; goes on where an earlier try broke off.')
      .argument('<name>', 'as `pointsman datasets` lists it')
      .requiredOption('--url <url>', 'where the file lies; you choose, after reading its licence')
      .option('-o, --out <file>', 'default: the last part of the address')
      .option('--sha256 <hex>', 'refuse the file where its sum is another')
      .option('-f, --force', 'replace what is there')
      .action(fetchSet),
  );
  return command;
}

const footer = `
Nothing is bundled. Read the licence, then:
  pointsman datasets fetch NAME --url URL [--sha256 HEX]
  pointsman import FILE --out NAME.csv.gz
`;

function findSet(name: string): KnownSet {
  const set = knownSets.find((each) => each.name === name.toLowerCase());
  if (set !== undefined) return set;
  const names = knownSets.map((each) => each.name).join(', ');
  throw new PointsmanError('invalid_request', `No data set is called "${name}". Known are ${names}.`);
}

function describe(set: KnownSet): string {
  const lines = [
    ['rows', `${set.rows}; models: ${set.models}; cost: ${set.cost}`],
    ['licence', `${set.licence ?? 'none stated: do not pass it on'}; use: ${set.use}`],
    ['paper', set.paper],
    ['from', set.home],
    ['read', set.read],
    ...set.files.map(({ file, bytes, sha256 }) => [
      'sha256',
      `${sha256}  ${file}${bytes === null ? '' : ` (${bytes} bytes)`}`,
    ]),
  ];
  return `${set.name}: ${set.summary}\n${lines.map(([label = '', text = '']) => `  ${label.padEnd(8)}${text}\n`).join('')}`;
}

async function fetchSet(name: string, flags: FetchFlags): Promise<void> {
  const set = findSet(name);
  const out = flags.out ?? lastPart(flags.url);
  const known = set.files.find(({ file }) => file === basename(out) || file === lastPart(flags.url));
  const bar = progressBar();
  const options = { url: flags.url, out, sha256: flags.sha256, force: flags.force };
  const { bytes, sha256, resumedAt } = await fetchFile(options, bar.onProgress).finally(bar.stop);
  const went = resumedAt > 0 ? `, ${resumedAt} of them from an earlier try` : '';
  process.stdout.write(
    `${out}: ${bytes} bytes${went}\n  sha256 ${sha256}\n  licence: ${set.licence ?? 'none stated'}; use: ${set.use}\n`,
  );
  if (flags.sha256 === undefined && known !== undefined) {
    const verdict =
      known.sha256 === sha256
        ? 'that of the file others have used'
        : `not that of the file others have used (${known.sha256})`;
    process.stdout.write(`  its sum is ${verdict}\n`);
  }
}

function lastPart(url: string): string {
  const path = URL.canParse(url) ? new URL(url).pathname : url;
  const part = basename(decodeURIComponent(path));
  if (part === '' || part === '/' || part === '..')
    throw new PointsmanError('invalid_request', `--out is needed: ${url} ends in no name.`);
  return part;
}
