import { dataError } from './data-error.ts';
import type { Table } from './table.ts';

const costSuffix = '|total_cost';

/**
 * The same table with `<model>|<attribute>` read as what a call cost: joules, seconds, tokens. A cost in dollars, where
 * there is one too, is left out. Throws `invalid_data` where the table has no such columns.
 */
export function withCostAttribute(table: Table, attribute: string): Table {
  const suffix = `|${attribute}`;
  if (!table.columns.some((column) => column.endsWith(suffix))) {
    throw dataError(table.name, 1, null, `no column ends in "${suffix}", so it cannot be the cost`);
  }
  const sources = new Map(
    table.columns
      .filter((column) => suffix === costSuffix || !column.endsWith(costSuffix))
      .map((column) => [column.endsWith(suffix) ? column.slice(0, -suffix.length) + costSuffix : column, column]),
  );
  return {
    ...table,
    columns: [...sources.keys()],
    records: (columns) => table.records(columns.map((column) => sources.get(column) ?? column)),
  };
}
