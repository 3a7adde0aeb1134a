import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { loadCatalogue } from '../../src/routing/catalogue.ts';
import { checkOptions } from '../../src/routing/options.ts';
import { policyContext } from '../../src/routing/policy-context.ts';
import { referenceFile, renderReference } from '../../scripts/docs-policies.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'pointsman-docs-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The first block of the page in this language. */
function snippet(language: string): string {
  const page = readFileSync(join(root, 'docs/add-a-policy.md'), 'utf8');
  const [, code] = new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(page) ?? [];
  if (code === undefined) throw new Error(`docs/add-a-policy.md has no ${language} block`);
  return code;
}

describe('docs', () => {
  test('docs/policies.md is what the definitions say; if not: npx tsx scripts/docs-policies.ts', async () => {
    const reference = renderReference(await loadCatalogue());
    expect(readFileSync(referenceFile, 'utf8')).toBe(reference);
    expect(reference).toContain('| `lambda` | number, >= 0 | `50` |');
    expect(reference).toContain('| `weights` | map of number, >= 0, <= 1000000000 | `{}` |');
    expect(reference).toContain('| `strong` | string | required |');
  });

  test('the policy of docs/add-a-policy.md works as it says', async () => {
    const imports = (code: string): string =>
      code
        .replaceAll(/'\.\.\/(core|math)\//g, (_, room: string) => `'${pathToFileURL(join(root, 'src', room)).href}/`)
        .replace("'typebox'", `'${import.meta.resolve('typebox')}'`);
    writeFileSync(join(folder, 'best-below.ts'), imports(snippet('ts')));
    writeFileSync(join(folder, 'always-last.mjs'), snippet('js'));
    const { policies } = await loadCatalogue({ policyDirs: [folder] });
    expect([...policies.keys()]).toEqual(expect.arrayContaining(['best-below', 'always-last']));
    const candidates = ['a', 'b', 'c'].map((model) => ({ model, price: null }));
    const prediction = (...mean: number[]) => ({ mean: Float64Array.from(mean), deviation: new Float64Array(3) });
    const decide = (name: string, options: unknown): readonly number[] => {
      const definition = policies.get(name);
      if (definition === undefined) throw new Error(`no policy ${name}`);
      const context = policyContext(['a', 'b', 'c'], policies, 'p');
      const policy = definition.create(checkOptions(name, definition.options, options, 'p'), context);
      const predictions = {
        quality: prediction(0.3, 0.5, 0.9),
        cost: prediction(0.001, 0.005, 0.1),
        latency: prediction(1, 1, 1),
        output_tokens: prediction(1, 1, 1),
      };
      return policy.decide({ candidates, predictions, lambda: null, random: seededRandom(1) }).ranking;
    };
    expect(decide('best-below', {})).toEqual([1, 0, 2]);
    expect(decide('best-below', { max_usd: 0.1 })).toEqual([2, 1, 0]);
    expect(decide('best-below', { max_usd: 0 })).toEqual([0, 1, 2]);
    expect(decide('always-last', {})).toEqual([2, 0, 1]);
  });
});
