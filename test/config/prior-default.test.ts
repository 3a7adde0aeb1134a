import { describe, expect, it } from 'vitest';
import { assembleRouting } from '../../src/app/routing.ts';
import { read } from './read.ts';

const real = '  - { id: new-model-70b, base_url: "http://127.0.0.1:9/v1", price: { input: 1, output: 2 } }\n';
const simulated = '  - { id: pretend, backend: simulated, price: { input: 1, output: 2 } }\n';
const estimatorsOf = (yaml: string) => read(yaml).routes[0]?.estimators;

describe('what a route starts with where it names no estimator', () => {
  it('is the bundled prior over real models, and it is served', async () => {
    const config = read(`models:\n${real}`);
    expect(config.routes[0]?.estimators).toEqual({ quality: 'prior', cost: 'prior' });
    const { estimators } = await assembleRouting(config, () => undefined);
    const quality = estimators.find((each) => each.quantity === 'quality');
    const input = { embedding: new Float32Array(256), promptTokens: 10 };
    const price = { input: 1, cachedInput: 1, output: 2 };
    const { mean } = quality?.estimator.predict(input, [
      { model: 'new-model-1b', price: null },
      { model: 'new-model-70b', price },
    ]) ?? { mean: [] };
    // A size alone tells already.
    expect(mean[1]).toBeGreaterThan((mean[0] ?? 1) + 0.05);
  });

  it('is what it was over simulated models, and with an embedder that the prior cannot read', () => {
    expect(estimatorsOf(`models:\n${simulated}`)).toEqual({ quality: 'knn', cost: 'mean' });
    expect(estimatorsOf(`models:\n${simulated}${real}`)).toEqual({ quality: 'prior', cost: 'prior' });
    expect(estimatorsOf(`models:\n${real}embedder: { dimensions: 512 }\n`)).toEqual({ quality: 'knn', cost: 'mean' });
    expect(estimatorsOf(`models:\n${real}routes: { auto: { estimators: { quality: ridge } } }\n`)).toEqual({
      quality: 'ridge',
      cost: 'prior',
    });
  });
});
