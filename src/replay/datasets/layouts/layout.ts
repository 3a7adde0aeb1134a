import type { DataSource, DatasetReader } from '../dataset.ts';
import type { Prices } from '../prices.ts';
import type { Table } from '../table.ts';

/** One file of a data set. */
export interface DataFile {
  readonly table: Table;
  /** Folders and file name, as far as they tell something: `aime/test/small-model/20250101.json`. */
  readonly parts: readonly string[];
  /** The file's name without its endings. */
  readonly stem: string;
}

export interface LayoutInput {
  readonly name: string;
  /** Never empty; all match the same layout. */
  readonly files: readonly DataFile[];
  /** From meta.json or the caller; null: all there are. */
  readonly models: readonly string[] | null;
  readonly source: Omit<DataSource, 'rows'>;
  /** By sample id; null: the prompt itself is embedded. */
  readonly queryText: ReadonlyMap<string, string> | null;
  /** Where the set counts tokens instead of dollars. */
  readonly prices: Prices | null;
  readonly partial: boolean;
  readonly answers: boolean;
}

/** A way in which somebody keeps outcomes in tables. */
export interface Layout {
  /** For people: whose files look like this. */
  readonly name: string;
  matches(columns: ReadonlySet<string>): boolean;
  /** Throws or rejects with `invalid_data`. */
  open(input: LayoutInput): DatasetReader | Promise<DatasetReader>;
}
