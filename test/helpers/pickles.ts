import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cutShort, openRandomFile, type RandomFile } from '../../src/replay/datasets/pickle/byte-source.ts';
import { readDataFrame } from '../../src/replay/datasets/pickle/data-frame.ts';
import { unpickle } from '../../src/replay/datasets/pickle/unpickle.ts';
import { Tuple } from '../../src/replay/datasets/pickle/values.ts';
import type { Cell } from '../../src/replay/datasets/table.ts';

export interface Cells {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Every cell of a pickled DataFrame; null where the pickle is something else. */
export function readCells(path: string): Cells | null {
  const file = openRandomFile(path, 'x.pkl');
  try {
    return cellsIn(file);
  } finally {
    file.close();
  }
}

/** The same from bytes. */
export const readCellsOf = (bytes: Buffer, limitBytes?: number): Cells | null => cellsIn(inMemory(bytes), limitBytes);

/** The one value in these bytes; a tuple as a list. */
export function valueOf(bytes: Buffer): unknown {
  const value = unpickle(inMemory(bytes));
  return value instanceof Tuple ? value.items : value;
}

function inMemory(bytes: Buffer): RandomFile {
  const read = (at: number, length: number): Buffer => {
    if (at + length > bytes.length) throw cutShort('x.pkl', bytes.length);
    return Buffer.from(bytes.subarray(at, at + length));
  };
  return { name: 'x.pkl', size: bytes.length, read, close: () => undefined };
}

function cellsIn(file: RandomFile, limitBytes?: number): Cells | null {
  const frame = readDataFrame(unpickle(file, limitBytes), file);
  if (frame === null) return null;
  const rows = Array.from({ length: frame.length }, (_, row) =>
    frame.columns.map((_, column) => frame.cell(column, row)),
  );
  return { columns: frame.columns, rows };
}

export function expectedCells(path: string): Cells {
  const cells: Cells = JSON.parse(readFileSync(path, 'utf8'));
  return cells;
}

/** A Python with pandas; null, with a printed reason, where there is none. */
export function pythonWithPandas(): string | null {
  const found = ['python3', '/usr/bin/python3'].find(
    (python) => spawnSync(python, ['-c', 'import pandas'], { stdio: 'ignore' }).status === 0,
  );
  if (found === undefined) console.warn('skipped: no python3 here has pandas; apt-get install python3-pandas');
  return found ?? null;
}
