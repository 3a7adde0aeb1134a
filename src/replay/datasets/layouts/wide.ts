import { concatReaders } from '../concat-readers.ts';
import { dataError } from '../data-error.ts';
import { openWideTable } from '../wide-table.ts';
import type { Layout } from './layout.ts';

/** RouterBench's wide layout; see `wide-table.ts`. A table that is nearly one is one, so that the error names what is missing. */
export const wide: Layout = {
  name: "RouterBench's wide layout",
  matches: (columns) =>
    columns.has('sample_id') || columns.has('eval_name') || [...columns].some((name) => name.endsWith('|total_cost')),
  open(input) {
    const [first, ...others] = input.files.map(({ table }) =>
      openWideTable({ ...input, table, source: { ...input.source, name: table.name } }),
    );
    if (first === undefined) throw dataError(input.source.name, null, null, 'it has no files');
    return { ...concatReaders([first, ...others]), source: input.source };
  },
};
