import { expect, it } from 'vitest';
import { groupTable, macroAverage } from '../../../src/replay/metrics/group-table.ts';
import { queriesByGroup } from '../../../src/replay/metrics/groups.ts';

const quality = [1, 0, 0, 0.5, 0.5];
const groups = queriesByGroup(['b', 'a', 'a', 'b', 'c']);

it('measures each group, the mean of groups, and all queries at once', () => {
  const table = groupTable(groups, (queries) => ({
    mean: queries.reduce((sum, query) => sum + (quality[query] ?? 0), 0) / queries.length,
    first: queries[0] ?? null,
  }));
  expect(table.rows).toEqual([
    { group: 'a', queries: 2, figures: { mean: 0, first: 1 } },
    { group: 'b', queries: 2, figures: { mean: 0.75, first: 0 } },
    { group: 'c', queries: 1, figures: { mean: 0.5, first: 4 } },
  ]);
  expect(table.macro.mean).toBeCloseTo(1.25 / 3, 12);
  expect(table.micro).toEqual({ mean: 0.4, first: 0 });
});

it('leaves groups without the figure out of its mean', () => {
  expect(macroAverage([0.2, null, 0.4])).toBeCloseTo(0.3, 12);
  expect(macroAverage([null])).toBeNull();
});
