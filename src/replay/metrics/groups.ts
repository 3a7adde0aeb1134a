/** The queries of each group, groups in the order of their names, queries in the order of the set. */
export function queriesByGroup(groups: readonly string[]): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, number[]>();
  groups.forEach((group, query) => {
    const queries = found.get(group);
    if (queries === undefined) found.set(group, [query]);
    else queries.push(query);
  });
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}
