/**
 * `npm run clients:newest`: the matrix of clients with the newest release of each, on the newest Node that they are made for; the
 * built gateway runs on this one. Everything is fetched by npm into a folder that is deleted again. Writes its table into
 * docs/clients.md; `--no-docs` only prints. `npm run build` first.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeBetween } from '../bench/write-between.ts';
import { cellsOf, matrixTest, type Cell } from './docs-clients.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const node = 'node@24';
const packages = ['openai', 'ai', '@ai-sdk/openai-compatible', '@langchain/openai', '@langchain/core'];

const folder = mkdtempSync(join(tmpdir(), 'clients-newest-'));
try {
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  const dependencies = Object.fromEntries([
    ...packages.map((name) => [name, 'latest'] as const),
    ...['zod', 'vitest'].map((name) => [name, devDependencies[name] ?? 'latest'] as const),
  ]);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }));
  process.stderr.write('Fetching the newest clients.\n');
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--legacy-peer-deps'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (const [from, to] of [
    [matrixTest, matrixTest],
    ['test/helpers/fake-upstream.ts', 'test/helpers/fake-upstream.ts'],
    ['test/helpers/outside-gateway.ts', 'test/helpers/running-gateway.ts'],
  ] as const) {
    mkdirSync(dirname(join(folder, to)), { recursive: true });
    copyFileSync(join(root, from), join(folder, to));
  }
  const newer = ['--yes', '--package', node, 'node'];
  const version = execFileSync('npx', [...newer, '--version'], { cwd: folder, encoding: 'utf8' }).trim();
  process.stderr.write(`Running the matrix on Node ${version}.\n`);
  const report = join(folder, 'report.json');
  const run = [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--testTimeout=60000',
    '--reporter=json',
    `--outputFile=${report}`,
  ];
  const { status } = spawnSync('npx', [...newer, ...run], {
    cwd: folder,
    env: { ...process.env, GATEWAY_NODE: process.execPath, GATEWAY_BIN: join(root, 'bin/pointsman') },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const cells = cellsOf(readFileSync(report, 'utf8'));
  const text = table(cells, version);
  process.stdout.write(`${text}\n`);
  if (!process.argv.includes('--no-docs')) writeBetween('docs/clients.md', 'newest', text);
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function table(cells: readonly Cell[], version: string): string {
  const versionOf = (name: string): string => {
    const file = join(folder, 'node_modules', name, 'package.json');
    return `${name} ${(JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version}`;
  };
  const rows = [...new Set(cells.map(({ client }) => client))].map((client) => {
    const own = cells.filter((cell) => cell.client === client);
    const failed = own.filter(({ passed }) => !passed).map(({ feature }) => feature);
    const title = client.split(' with ').map(versionOf).join(' with ');
    return `| ${title} | ${own.length - failed.length} of ${own.length} | ${failed.join(', ') || '-'} |`;
  });
  return [`On Node ${version}:`, '', '| client | cells that pass | that do not |', '|---|---|---|', ...rows].join('\n');
}
