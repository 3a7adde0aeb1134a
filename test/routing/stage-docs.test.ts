import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp, type App } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import { collectLogger } from '../helpers/collect-logger.ts';

/** The policy of docs/add-a-policy.md that reads the stage, served from a folder of its own by the YAML that stands there. */
let folder: string;
let app: App;

beforeAll(async () => {
  const page = await readFile(new URL('../../docs/add-a-policy.md', import.meta.url), 'utf8');
  const [, code = ''] = /```js stage\n([^]*?)```/.exec(page) ?? [];
  const [, yaml = ''] = /```yaml\n(policy_dirs:[^]*?)```/.exec(page) ?? [];
  folder = await mkdtemp(join(tmpdir(), 'pointsman-stage-'));
  await mkdir(join(folder, 'policies'));
  await writeFile(join(folder, 'policies', 'after-errors.mjs'), code);
  const models = [
    'models:',
    '  - { id: small, backend: simulated, options: { skills: {} }, price: { input: 1, output: 1 } }',
    '  - { id: large, backend: simulated, options: { skills: {} }, price: { input: 9, output: 9 } }',
    // Belief at the start: the same of both, so the quality tie goes to the first, `best` to the order of the list.
    yaml.replace('policy: {', 'models: [large, small], estimators: { quality: mean, cost: mean }, policy: {'),
  ].join('\n');
  await writeFile(join(folder, 'pointsman.yaml'), models);
  const file = join(folder, 'pointsman.yaml');
  const config = loadConfig(file, { environment: { POINTSMAN_PORT: '0' }, workingDirectory: folder });
  app = await buildApp(config, { logger: collectLogger().logger });
});
afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true, force: true });
});

const failed = { role: 'tool', tool_call_id: 'c', content: 'Error: no such file' };
const worked = { role: 'tool', tool_call_id: 'c', content: 'done' };
const call = {
  role: 'assistant',
  content: null,
  tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
};

async function ask(...after: readonly object[]) {
  const { headers, statusCode } = await app.server.inject({
    method: 'POST',
    url: '/v1/chat/completions',
    headers: { host: '127.0.0.1' },
    payload: { model: 'agent', messages: [{ role: 'user', content: 'Mend it' }, ...after] },
  });
  expect(statusCode).toBe(200);
  return [headers['x-pointsman-model'], headers['x-pointsman-reason']];
}

describe('a policy that reads the stage', () => {
  it('is cheap while tools work, and takes the best model once enough of them failed', async () => {
    expect(await ask()).toEqual(['small', '0 tools failed: the cheapest model']);
    expect(await ask(call, worked, call, failed)).toEqual(['small', '1 tools failed: the cheapest model']);
    expect(await ask(call, failed, call, failed)).toEqual(['large', '2 tools failed: the best model']);
  });

  it('counts from what the person said last', async () => {
    const again = { role: 'user', content: 'Try another way' };
    expect(await ask(call, failed, call, failed, again)).toEqual(['small', '0 tools failed: the cheapest model']);
  });
});
