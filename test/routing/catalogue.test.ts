import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { loadCatalogue } from '../../src/routing/catalogue.ts';
import { createRoute } from '../../src/routing/route.ts';
import { settings } from './build.ts';

/** A policy as an operator writes it: a plain object, no import of ours, a JSON schema for its options. */
const custom = `export default {
  summary: 'Always the last candidate.',
  source: 'This test.',
  options: { type: 'object', properties: { greeting: { type: 'string', default: 'hello' } } },
  uses: [],
  example: () => ({}),
  create: ({ greeting }) => ({
    decide({ candidates }) {
      const last = candidates.length - 1;
      const propensities = new Float64Array(candidates.length);
      propensities[last] = 1;
      const ranking = [last, ...candidates.keys()].filter((index, place) => place === 0 || index !== last);
      return { plan: { type: 'route', model: candidates[last].model }, ranking, propensities, reason: greeting, lambda: null };
    },
  }),
};`;

let folder = '';
const write = (name: string, text: string): string => {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pointsman-catalogue-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('catalogue', () => {
  test('holds our own policies by file name', async () => {
    const { policies } = await loadCatalogue();
    expect([...policies.keys()]).toEqual(
      expect.arrayContaining(['static', 'random', 'weighted', 'threshold', 'cost-aware', 'epsilon-greedy']),
    );
  });

  test("an operator's file is registered under its name and decides on a route", async () => {
    write('always-last.mjs', custom);
    write('notes.md', 'not a module');
    write('types.d.ts', 'export {};');
    write('helpers/shared.js', 'export const x = 1;');
    const { policies } = await loadCatalogue({ policyDirs: [folder] });
    const definition = policies.get('always-last');
    if (definition === undefined) throw new Error('it is not registered');
    expect(policies.has('shared')).toBe(false);
    const route = createRoute(
      settings({ policy: { name: 'always-last', definition, options: { greeting: 'good day' } } }),
    );
    const candidates = ['a', 'b'].map((model) => ({ model, price: null }));
    const { plan, reason } = route.choose(candidates, {}, null, seededRandom(1));
    expect([plan, reason]).toEqual([{ type: 'route', model: 'b' }, 'good day']);
  });

  test.each<[string, string, string, string]>([
    ['a name that is taken', 'static.mjs', custom, 'the name "static" is taken by'],
    ['a name that no URL likes', 'My Policy.mjs', custom, 'kebab-case'],
    ['no default export', 'x.mjs', 'export const a = 1;', 'its default export is missing'],
    ['a syntax error', 'x.mjs', 'export default {', 'it cannot be loaded'],
    ['a throw at load', 'x.mjs', 'throw new Error("no licence");', 'no licence'],
    ['no summary', 'x.mjs', custom.replace('Always the last candidate.', ' '), 'needs summary'],
    ['no source', 'x.mjs', custom.replace('source:', 'sauce:'), 'needs source'],
    ['no options', 'x.mjs', custom.replace('options:', 'opts:'), 'needs options'],
    [
      'an unknown quantity',
      'x.mjs',
      custom.replace('uses: []', "uses: ['beauty']"),
      'needs uses: a list of quality, cost',
    ],
    ['no example', 'x.mjs', custom.replace('example:', 'sample:'), 'needs example'],
    [
      'an example that its options refuse',
      'x.mjs',
      custom.replace('({})', '({ greting: 1 })'),
      'did you mean "greeting"',
    ],
    ['no create', 'x.mjs', custom.replace('create:', 'make:'), 'needs create'],
  ])('%s stops the boot and names the file', async (_, name, text, message) => {
    const file = write(name, text);
    await expect(loadCatalogue({ policyDirs: [folder] })).rejects.toThrow(
      expect.objectContaining({ code: 'invalid_config', param: file, message: expect.stringContaining(message) }),
    );
  });

  test('estimators are checked as well', async () => {
    write('x.mjs', custom);
    await expect(loadCatalogue({ estimatorDirs: [folder] })).rejects.toThrow(
      /x\.mjs: its default export needs needsEmbedding/,
    );
  });

  test('a folder that is not there stops the boot', async () => {
    const param = join(folder, 'nowhere');
    await expect(loadCatalogue({ policyDirs: [param] })).rejects.toThrow(
      expect.objectContaining({ code: 'invalid_config', param }),
    );
  });
});
