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

/** The first block of this language that has this text, with the gateway's own address. */
function block(language: string, url: string, having = ''): string {
  const blocks = guide.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)\`\`\``, 'gm'));
  const found = [...blocks].map((match) => match[1] ?? '').find((text) => text.includes(having));
  if (found === undefined) throw new Error(`docs/feedback.md has no ${language} block with ${having}`);
  return found.replaceAll('http://127.0.0.1:4040', url);
}

/** Another one than the system's may have the packages. */
const python = process.env['POINTSMAN_TEST_PYTHON'] ?? 'python3';
const canImport = (names: string): Promise<boolean> =>
  run(python, ['-c', `import ${names}`]).then(
    () => true,
    () => false,
  );
const hasPython = await canImport('json');
const hasSdk = await canImport('openai, httpx');
if (!hasPython) process.stdout.write(`The Python snippets are not run: there is no ${python}.\n`);
else if (!hasSdk) process.stdout.write(`One Python snippet is not run: ${python} has no openai and httpx.\n`);

describe('the snippets of docs/feedback.md', () => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await startGateway(defaultYaml());
  });
  afterAll(() => gateway.close());

  const decided = async (): Promise<string> => {
    const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'auto', max_tokens: 1, messages: [{ role: 'user', content: 'hello' }] }),
    });
    await answer.text();
    return answer.headers.get('x-pointsman-decision') ?? '';
  };

  const runScript = async (text: string): Promise<void> => {
    // Beside the project's packages, since the snippet imports one.
    const file = join(root, 'test/fixtures', `feedback-snippet-${process.pid}.mjs`);
    await writeFile(file, text);
    try {
      await run(process.execPath, [file]);
    } finally {
      await rm(file);
    }
  };

  /** Scores by people that were stored since `after`; what the gateway measures itself is not among them. */
  const scores = async (after: number): Promise<readonly number[]> => {
    await settled(gateway.app.store);
    const rows = await gateway.app.store.observations(after, 1_000);
    return rows.flatMap(({ quantity, value }) => (quantity === 'quality' ? [value] : []));
  };

  it('in JavaScript gives a score for the decision that answered', async () => {
    const before = await lastSeq(gateway.app.store);
    await runScript(block('js', gateway.url));
    expect(await scores(before)).toEqual([0]);
  });

  it.skipIf(!hasPython)('in Python, without packages, gives a score for the decision that answered', async () => {
    const before = await lastSeq(gateway.app.store);
    await run(python, ['-c', block('python', gateway.url, 'urllib')]);
    expect(await scores(before)).toEqual([0]);
  });

  it.skipIf(!hasSdk)('in Python with the SDK gives a score for the decision that answered', async () => {
    const before = await lastSeq(gateway.app.store);
    await run(python, ['-c', block('python', gateway.url, 'openai')]);
    expect(await scores(before)).toEqual([0]);
  });

  it('in JavaScript says that the second answer was better', async () => {
    const before = await lastSeq(gateway.app.store);
    await runScript(block('js', gateway.url, 'preferred_to'));
    const told = (await gateway.app.store.observations(before, 10)).filter(({ quantity }) => quantity === 'preference');
    expect(told).toHaveLength(1);
    // Ids grow with time: the first answer is named first, and lost.
    expect(told[0]?.value).toBe(0);
  });

  it('in the shell says so too', async () => {
    const ids = [await decided(), await decided()];
    const line = block('sh', gateway.url, 'preferred_to')
      .replace('dec_second', ids[1] ?? '')
      .replace('dec_first', ids[0] ?? '');
    expect(JSON.parse((await run('sh', ['-c', line])).stdout)).toMatchObject({ decision: ids[1], status: 'accepted' });
  });

  it('in the shell gives a score for a decision', async () => {
    const decision = await decided();
    const before = await lastSeq(gateway.app.store);
    const line = block('sh', gateway.url).replace('dec_...', decision);
    const { stdout } = await run('sh', ['-c', line]);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'accepted' });
    expect(await scores(before)).toEqual([1]);
  });
});
