import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadArtefact, restoreEstimator } from '../../src/artefacts/load-artefact.ts';
import { createHashingEmbedder } from '../../src/embedding/hashing.ts';
import prior from '../../src/estimators/prior.ts';

describe('the bundled prior', () => {
  const path = fileURLToPath(new URL('../../data/prior', import.meta.url));

  it('is there, small, from data that may be shipped, and says what it was measured on', () => {
    const { manifest } = loadArtefact(path);
    expect(manifest.sources.length).toBeGreaterThan(3);
    for (const { use, licence } of manifest.sources) expect([use, licence]).toEqual(['bundle', expect.any(String)]);
    expect(manifest.figures.map(({ how }) => how).join()).toContain('none of whose models or questions');
    expect(JSON.stringify(manifest.tuning)).toMatch(/\d+ questions that other sets ask too were dropped/);
  });

  it('thinks more of dear and large models, most on hard questions, and never of a number that is none', () => {
    const embedder = createHashingEmbedder({ dimensions: 256 });
    const options = { estimator: 'prior', quantity: 'quality', definition: prior, embedder } as const;
    const estimator = restoreEstimator(loadArtefact(path), options);
    const at = (output: number) => ({ input: output / 4, cachedInput: output / 8, output });
    const candidates = [
      { model: 'new-vendor/new-small-3b', price: at(0.1) },
      { model: 'new-vendor/new-pro', price: at(15) },
    ];
    const texts = ['Prove that the sum of two odd integers is even.', 'hi', '', 'def f(x):\n  return x', '数学'];
    for (const text of texts) {
      const { mean, deviation } = estimator.predict({ embedding: embedder.embed(text), promptTokens: 10 }, candidates);
      expect(mean[1]).toBeGreaterThan(mean[0] ?? 1);
      expect([...mean, ...deviation].every(Number.isFinite)).toBe(true);
    }
  });
});
