import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { entries, guideFile, guideText, schemaFile, schemaText } from '../../scripts/config-docs.ts';
import { loadConfig, parseConfig } from '../../src/config/load.ts';

const environment = {
  OPENAI_API_KEY: 'sk-openai',
  ANTHROPIC_API_KEY: 'sk-anthropic',
  MISTRAL_API_KEY: 'mistral-key',
  WEB_KEY: 'web-key-of-some-length',
  BATCH_KEY: 'batch-key-of-some-length',
  TEAM_A_KEY: 'team-a-key-of-some-length',
};
const guide = readFileSync(guideFile, 'utf8');

describe('the configuration docs', () => {
  it('are current: run `npx tsx scripts/config-docs.ts` where this fails', () => {
    expect(readFileSync(schemaFile, 'utf8')).toBe(schemaText());
    expect(guide).toBe(guideText(guide));
  });

  it('describe every key', () => {
    expect(
      entries()
        .filter(({ shape }) => (shape.description ?? '') === '')
        .map(({ path }) => path),
    ).toEqual([]);
  });

  it('show every key in an example, here or in examples/', () => {
    const examples = readdirSync(new URL('../../examples/', import.meta.url))
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => readFileSync(new URL(`../../examples/${name}`, import.meta.url), 'utf8'));
    const shown = [guide.slice(0, guide.indexOf('## Every key')), ...examples].join('\n');
    const unseen = entries().filter(({ path }) => !new RegExp(`\\b${path.split('.').at(-1) ?? ''}:`).test(shown));
    // Named in the reference alone: each is one more of a kind that is shown.
    expect(
      unseen
        .map(({ path }) => path)
        .filter((path) => !/(\.local|\.region|\.latency|\.output_tokens|^auth)$/.test(path)),
    ).toEqual([]);
  });

  const snippets = [...guide.matchAll(/```yaml\n([\s\S]*?)```/g)]
    .map(([, yaml]) => yaml ?? '')
    .filter((yaml) => yaml.includes('models:'));
  it.each(snippets.map((yaml, index) => [index + 1, yaml] as const))('has snippet %i that reads', (_, yaml) => {
    expect(parseConfig(yaml, '/tmp/pointsman.yaml', { environment }).models.length).toBeGreaterThan(0);
  });
});

describe('examples/', () => {
  const files = readdirSync(new URL('../../examples/', import.meta.url)).filter((name) => name.endsWith('.yaml'));

  it('has those that the guide names', () => {
    expect(files.sort()).toEqual([
      'embeddings.yaml',
      'gpu-fleet.yaml',
      'keys-and-budgets.yaml',
      'openai-ollama.yaml',
      'resilience.yaml',
      'simulated.yaml',
    ]);
    for (const file of files) expect(guide).toContain(`examples/${file}`);
  });

  it.each(files)('%s reads without a warning, and every model has a price', (file) => {
    const config = loadConfig(fileURLToPath(new URL(`../../examples/${file}`, import.meta.url)), { environment });
    expect(config.warnings).toEqual([]);
    expect(config.models.filter(({ price }) => price === null)).toEqual([]);
  });
});
