import { expect, it } from 'vitest';
import type { EstimatorDefinition, Quantity } from '../../src/core/estimator.ts';
import { seededRandom } from '../../src/core/random.ts';
import latency from '../../src/estimators/latency.ts';
import outputTokens from '../../src/estimators/output-tokens.ts';
import { checkOptions } from '../../src/routing/options.ts';
import { dimensions, drawRows, models } from './worlds.ts';

const cases: [string, EstimatorDefinition, Quantity, object, number][] = [
  ['output-tokens', outputTokens, 'output_tokens', { prior_output_tokens: 120 }, 120],
  ['latency', latency, 'latency', { prior_ms: 900 }, 900],
];

it.each(cases)(
  '%s: amounts follow the query, totals are kept, the prior is not dollars',
  (_, definition, quantity, options, prior) => {
    const estimator = definition.create(checkOptions('estimator', definition.options, options, 'test'), {
      quantity,
      dimensions,
    });
    const { rows } = drawRows('linear', 900, 'amounts');
    const random = seededRandom('amounts');
    // Three times as much for each unit of the first coordinate, twice as much per model, and noise of its own.
    const values = rows.values.map((__, cell) => {
      const lean = rows.embeddings[Math.floor(cell / 3) * dimensions] ?? 0;
      return 100 * 2 ** (cell % 3) * 3 ** lean * (0.5 + random.next());
    });
    estimator.fit({ ...rows, values });
    const price = { input: 5, cachedInput: 1, output: 20 };
    const candidates = [...models, 'never-seen'].map((model) => ({ model, price }));
    const ask = (first: number, promptTokens = 50): Float64Array => {
      const embedding = Float32Array.from({ length: dimensions }, (__, i) => (i === 0 ? first : 0));
      return estimator.predict({ embedding, promptTokens }, candidates).mean;
    };
    const [high, low] = [ask(1), ask(-1)];
    for (const m of [0, 1, 2]) {
      // 3^2 = 9 but for what the penalty holds back.
      expect((high[m] ?? NaN) / (low[m] ?? NaN)).toBeGreaterThan(6);
      expect((high[m] ?? NaN) / (low[m] ?? NaN)).toBeLessThan(10);
    }
    expect(high[3]).toBe(prior);
    // Beyond what training saw nothing is added for the prompt: these are not dollars.
    expect(ask(1, 100_000)).toEqual(high);
    let predicted = 0;
    for (let row = 0; row < 900; row++) {
      const embedding = rows.embeddings.subarray(row * dimensions, (row + 1) * dimensions);
      const { mean } = estimator.predict({ embedding, promptTokens: 50 }, candidates.slice(0, 3));
      predicted += mean.reduce((sum, value) => sum + value, 0);
    }
    const total = values.reduce((sum, value) => sum + value, 0);
    expect(Math.abs(predicted / total - 1)).toBeLessThan(0.001);
  },
);
