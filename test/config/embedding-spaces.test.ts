import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { read, refusal } from './read.ts';

const embeds = (id: string, space: string, dimensions = 3): string =>
  `  - { id: ${id}, base_url: http://127.0.0.1:1/v1, price: { input: 1, output: 0 }, embedding: { space: ${space}, dimensions: ${dimensions} } }\n`;
const models = `models:\n${embeds('small', 's1')}${embeds('mirror', 's1')}${embeds('other', 's2')}`;

describe('a route over models that embed', () => {
  it('is refused at the start where it lists models of two spaces, with the place and the mend', () => {
    const message = refusal(`${models}routes:\n  vectors: { models: [small, mirror, other] }\n`);
    expect(message).toContain('test.yaml:6:22 routes.vectors.models');
    expect(message).toContain('"small" and "other" embed into different spaces (s1, s2)');
    expect(message).toContain('make a route for each space');
  });

  it('is fine within one space, and over all models, where a request can narrow it', () => {
    expect(read(`${models}routes:\n  vectors: { models: [small, mirror] }\n`).routes).toHaveLength(1);
    expect(read(`${models}routes:\n  all: { models: "*" }\n`).routes[0]?.models).toEqual(['small', 'mirror', 'other']);
    expect(read(models).routes[0]?.models).toHaveLength(3);
  });

  const route = (examples: string, ids = 'small, mirror, other'): string =>
    `${models}routes:\n  vectors: { models: [${ids}], spaces: { rule: nearest-centroid, examples: ${examples} } }\n`;

  it('is fine over several where examples say what each space is for: written out, or one a line of a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'spaces-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'recipes.txt');
    writeFileSync(file, 'Stir the soup.\r\n\nBake the bread.\n');
    const [found] = read(route(`{ s1: { code: [a, b], sql: [c] }, s2: { recipes: ${JSON.stringify(file)} } }`)).routes;
    expect(found?.spaces).toEqual({
      examples: { s1: [['a', 'b'], ['c']], s2: [['Stir the soup.', 'Bake the bread.']] },
    });
    expect(read(models).routes[0]).not.toHaveProperty('spaces');
  });

  it.each([
    ['{ s1: { d: [a] } }', undefined, 'has no texts for the space "s2"'],
    ['{ s1: { d: [a] }, s3: { d: [a] } }', undefined, 'no model of the route embeds into it; did you mean "s1"?'],
    ['{ s1: { d: [a] }, s2: { d: [" "] } }', undefined, 'routes.vectors.spaces.examples.s2.d: holds no text'],
    ['{ s1: { d: [a] }, s2: { d: nowhere.txt } }', undefined, 'cannot be read'],
    ['{ s1: { d: [a] }, s2: {} }', undefined, 'has no texts for the space "s2"'],
    ['{ s1: { d: [a] } }', 'small, mirror', "the route's models are of 1; leave it out"],
  ])('refuses examples %s', (examples, ids, why) => {
    expect(refusal(route(examples, ids))).toContain(why);
  });
});
