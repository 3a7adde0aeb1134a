/** Figures of each group and over the groups. */
export interface GroupTable<Figure extends string> {
  readonly rows: readonly { readonly group: string; readonly queries: number; readonly figures: Figures<Figure> }[];
  /** Unweighted mean over the groups that have the figure: a small data set counts as much as a large one. */
  readonly macro: Figures<Figure>;
  /** Of all queries at once: a large data set counts for more. */
  readonly micro: Figures<Figure>;
}

/** Null where a group has no such figure. */
export type Figures<Figure extends string> = Readonly<Record<Figure, number | null>>;

/**
 * Measures each group's queries by themselves, then all together. For figures that are not means over queries (AIQ,
 * ratios) macro and micro differ in kind, not only in weights: micro lets a router live on telling data sets apart.
 *
 * @param groups group name to its queries, as `queriesByGroup` gives them.
 */
export function groupTable<Figure extends string>(
  groups: ReadonlyMap<string, readonly number[]>,
  measure: (queries: readonly number[]) => Figures<Figure>,
): GroupTable<Figure> {
  const rows = [...groups].map(([group, queries]) => ({ group, queries: queries.length, figures: measure(queries) }));
  const all = [...groups.values()].flat().sort((a, b) => a - b);
  const micro = measure(all);
  const macro: Record<Figure, number | null> = { ...micro };
  for (const figure in macro) macro[figure] = macroAverage(rows.map(({ figures }) => figures[figure]));
  return { rows, macro, micro };
}

/** Unweighted mean of what is there; null where nothing is. */
export function macroAverage(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}
