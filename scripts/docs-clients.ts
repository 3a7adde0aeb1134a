/**
 * Runs the matrix of clients and writes docs/clients.md: a cell is the test that ran. Needs no build.
 *
 *     npx tsx scripts/docs-clients.ts
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
export const clientsFile = join(root, 'docs/clients.md');
export const matrixTest = 'test/integration/clients.test.ts';

export interface Cell {
  readonly client: string;
  readonly feature: string;
  readonly passed: boolean;
}

interface VitestReport {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
    }[];
  }[];
}

/** Of the packages that a client's tests import. */
function versionOf(name: string): string {
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')) as {
    version: string;
  };
  return `${name} ${version}`;
}

/** `openai` or `ai with @ai-sdk/openai-compatible`, with versions. */
const titleOf = (client: string): string => client.split(' with ').map(versionOf).join(' with ');

/** The page, as Markdown. */
export function renderClients(cells: readonly Cell[], page: string): string {
  // Written by another run, and kept.
  const kept = (name: string): string =>
    new RegExp(`<!-- ${name} -->[^]*<!-- end of ${name} -->`).exec(page)?.[0] ??
    `<!-- ${name} -->\n\n<!-- end of ${name} -->`;
  const clients = [...new Set(cells.map(({ client }) => client))];
  const features = [...new Set(cells.map(({ feature }) => feature))];
  const cellOf = (client: string, feature: string): string => {
    const cell = cells.find((each) => each.client === client && each.feature === feature);
    return cell === undefined ? '-' : cell.passed ? `\`${client} > ${feature}\`` : 'failed';
  };
  return [
    '# Clients',
    '',
    `<!-- Written by \`npx tsx scripts/docs-clients.ts\` from a run of ${matrixTest}. Do not edit. -->`,
    '',
    `Real packages against the running gateway, a real server on loopback behind it. A cell is the id of the test in`,
    `\`${matrixTest}\` that passed when this page was written, on Node ${process.versions.node.split('.')[0]}; \`npm test\` runs them all.`,
    'The newest majors that run on Node 20 are pinned: later ones of `ai` and `@langchain/openai` need Node 22.',
    '',
    `| | ${clients.map(titleOf).join(' | ')} |`,
    `|---|${clients.map(() => '---').join('|')}|`,
    ...features.map((feature) => `| ${feature} | ${clients.map((client) => cellOf(client, feature)).join(' | ')} |`),
    '',
    'Tools: the model calls a function, the client runs it and sends the result back (`runTools`, `stopWhen`, `bindTools`).',
    'Structured output: a zod schema goes up as `response_format`, the answer comes back parsed. Cut stream: the upstream dies',
    'in the middle, and the client sees an error, never a short answer. Abort: the client leaves, and the upstream sees it.',
    '',
    'Not in the matrix: the `ollama` package. It speaks `/api/chat` and `/api/embed`, which the gateway calls upstream',
    '([backends](backends.md#ollama)) and does not serve. Whoever uses it reaches `/v1` with an OpenAI client instead.',
    '',
    '## Cut streams',
    '',
    'How many of the streams whose upstream died in the middle (at any byte behind the first word, by RST or FIN) a client saw as an',
    'error, by `npm run clients:cuts`; `npm test` takes 20 for each.',
    '',
    kept('cuts'),
    '',
    '## The newest releases',
    '',
    'The same matrix with the newest release of each client, by `npm run clients:newest` (fetched by npm, not part of `npm test`).',
    '',
    kept('newest'),
    '',
    '## Setting the base URL',
    '',
    '```ts',
    "new OpenAI({ baseURL: 'http://127.0.0.1:4040/v1', apiKey: 'none' });",
    "createOpenAICompatible({ name: 'pointsman', baseURL: 'http://127.0.0.1:4040/v1', includeUsage: true });",
    "new ChatOpenAI({ model: 'auto', apiKey: 'none', configuration: { baseURL: 'http://127.0.0.1:4040/v1' } });",
    '```',
    '',
  ].join('\n');
}

/** Of vitest's report as JSON. */
export function cellsOf(report: string): readonly Cell[] {
  const { testResults } = JSON.parse(report) as VitestReport;
  return testResults.flatMap(({ assertionResults }) =>
    assertionResults.map(({ ancestorTitles, title, status }) => ({
      client: ancestorTitles.join(' > '),
      feature: title,
      passed: status === 'passed',
    })),
  );
}

/** Runs the tests; throws where one fails. */
function runMatrix(): readonly Cell[] {
  const folder = mkdtempSync(join(tmpdir(), 'clients-'));
  const report = join(folder, 'report.json');
  try {
    const asked = [
      'vitest',
      'run',
      '--project',
      'integration',
      matrixTest,
      '--reporter=json',
      `--outputFile=${report}`,
    ];
    execFileSync('npx', asked, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
    return cellsOf(readFileSync(report, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(clientsFile, renderClients(runMatrix(), readFileSync(clientsFile, 'utf8')));
}
