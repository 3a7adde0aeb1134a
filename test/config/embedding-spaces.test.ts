import { describe, expect, it } from 'vitest';
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
});
