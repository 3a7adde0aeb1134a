import { expect, it } from 'vitest';
import { reliabilityPlot } from '../../src/artefacts/reliability-plot.ts';

it('draws bins where they are, over the diagonal', () => {
  const bins = [
    { count: 5, predicted: 0, observed: 1 },
    { count: 5, predicted: 0.5, observed: 0.5 },
    { count: 5, predicted: 1, observed: 0 },
  ];
  const lines = reliabilityPlot({ estimator: 'ridge', bins }).split('\n');
  // Left is a low prediction, up a high outcome.
  expect(lines[0]?.slice(4)).toBe(`o${' '.repeat(39)}.`);
  expect(lines[10]?.[4 + 20]).toBe('o');
  expect(lines[20]?.slice(4)).toBe(`.${' '.repeat(39)}o`);
  expect(lines[5]?.[4 + 30]).toBe('.');
});
