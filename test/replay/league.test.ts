import { expect, it } from 'vitest';
import { replayablePolicies } from '../../src/replay/all-policies.ts';
import { formatReplay } from '../../src/replay/report/format-replay.ts';
import { runReplay } from '../../src/replay/replay.ts';
import { loadCatalogue } from '../../src/routing/catalogue.ts';

const planted = new URL('../../data/planted', import.meta.url).pathname;

it('takes every policy that a data set is enough for, and says what the others lack', async () => {
  const { policies } = await loadCatalogue();
  const { names, leftOut } = replayablePolicies(policies);
  expect(names).toEqual(expect.arrayContaining(['cost-aware', 'threshold', 'linucb', 'static', 'zero', 'random']));
  expect(leftOut.get('budget-paced')).toContain('a policy that weighs cost');
  expect(leftOut.get('preference-conditioned')).toBe('reads latency');
  expect(names.length + leftOut.size).toBe(policies.size);
});

it('tells many routers as a league: the best first, each against the leader, no wide tables', async () => {
  const names = ['random', 'static', 'threshold', 'zero', 'cost-aware', 'weighted', 'exp3'];
  const result = await runReplay({
    train: planted,
    policies: names.map((name) => ({ name })),
    estimators: ['ridge'],
    resamples: 20,
  });
  const text = formatReplay(result);
  const gains = result.runs.map(({ label, cost }) => ({ label, gain: cost?.gain.value ?? NaN }));
  const order = gains.toSorted((a, b) => b.gain - a.gain).map(({ label }) => label);
  expect(order[0]).toBe('cost-aware · ridge');
  const table = text.slice(text.indexOf('AIQ - zero'), text.indexOf('zero router  '));
  expect([...order].sort((a, b) => table.indexOf(`\n${a} `) - table.indexOf(`\n${b} `))).toEqual(order);
  // The differences are those of the whole result, not of another order.
  const behind = text.slice(text.indexOf('against cost-aware'));
  const random = gains.find(({ label }) => label === 'random')?.gain ?? NaN;
  const best = gains.find(({ label }) => label === 'cost-aware · ridge')?.gain ?? NaN;
  expect(behind).toMatch(new RegExp(`\nrandom +${(random - best).toFixed(4)} `));
  expect(text).not.toContain('Within each eval name');
  expect(text).toContain('7 routers: every other figure');
});
