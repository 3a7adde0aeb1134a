import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultYaml } from '../../src/config/default-config.ts';
import { lastSeq, settled } from '../helpers/store-temporary.ts';
import { startGateway, type RunningGateway } from '../helpers/running-gateway.ts';

/** What docs/feedback.md promises is run. */
const root = fileURLToPath(new URL('../../', import.meta.url));
const guide = readFileSync(join(root, 'docs/feedback.md'), 'utf8');
const run = promisify(execFile);

/** The first block of this language, with the gateway's own address. */
function block(language: string, url: string): string {
  const found = new RegExp(`^\`\`\`${language}\n([^]*?)\`\`\``, 'm').exec(guide)?.[1];
  if (found === undefined) throw new Error(`docs/feedback.md has no ${language} block`);
  return found.replaceAll('http://127.0.0.1:4040', url);
}

/** Another one than the system's may have the packages. */
const python = process.env['POINTSMAN_TEST_PYTHON'] ?? 'python3';
const hasPython = await run(python, ['-c', 'import openai, httpx']).then(
  () => true,
  () => false,
);
if (!hasPython) process.stdout.write(`The Python snippet is not run: ${python} has no openai and httpx.\n`);

describe('the snippets of docs/feedback.md', () => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await startGateway(defaultYaml());
  });
  afterAll(() => gateway.close());

  /** Scores by people that were stored since `after`; what the gateway measures itself is not among them. */
  const scores = async (after: number): Promise<readonly number[]> => {
    await settled(gateway.app.store);
    const rows = await gateway.app.store.observations(after, 1_000);
    return rows.flatMap(({ quantity, value }) => (quantity === 'quality' ? [value] : []));
  };

  it('in JavaScript gives a score for the decision that answered', async () => {
    const before = await lastSeq(gateway.app.store);
    // Beside the project's packages, since the snippet imports one.
    const file = join(root, 'test/fixtures', `feedback-snippet-${process.pid}.mjs`);
    await writeFile(file, block('js', gateway.url));
    try {
      await run(process.execPath, [file]);
    } finally {
      await rm(file);
    }
    expect(await scores(before)).toEqual([0]);
  });

  it.skipIf(!hasPython)('in Python gives a score for the decision that answered', async () => {
    const before = await lastSeq(gateway.app.store);
    await run(python, ['-c', block('python', gateway.url)]);
    expect(await scores(before)).toEqual([0]);
  });

  it('in the shell gives a score for a decision', async () => {
    const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'auto', max_tokens: 1, messages: [{ role: 'user', content: 'hello' }] }),
    });
    const before = await lastSeq(gateway.app.store);
    const line = block('sh', gateway.url).replace('dec_...', answer.headers.get('x-pointsman-decision') ?? '');
    const { stdout } = await run('sh', ['-c', line]);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'accepted' });
    expect(await scores(before)).toEqual([1]);
  });
});
