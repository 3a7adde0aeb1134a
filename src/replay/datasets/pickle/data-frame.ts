import { dataError } from '../data-error.ts';
import { textOfCell, type Cell } from '../table.ts';
import type { RandomFile } from './byte-source.ts';
import { readArray } from './numpy.ts';
import { Built, Dict, Tuple, type PickleValue } from './values.ts';

/** A pandas DataFrame, read cell by cell. Its row labels are left out. */
export interface DataFrame {
  readonly columns: readonly string[];
  readonly length: number;
  /** Throws `invalid_data` where the object in the cell is not known. */
  cell(column: number, row: number): Cell;
}

/** Null where the value is no DataFrame. Throws `invalid_data` where it is one that contradicts itself. */
export function readDataFrame(value: PickleValue, file: RandomFile): DataFrame | null {
  if (!(value instanceof Built) || value.name !== 'pandas.core.frame DataFrame') return null;
  const members = value.state instanceof Dict ? value.state.entries : new Map<string | number, PickleValue>();
  const { axes, blocks } = partsOf(members.get('_mgr') ?? members.get('_data'), file);
  const columns = labelsOf(axes[0], file);
  const places: (((row: number) => Cell) | undefined)[] = [];
  const lengths = new Set<number>();
  for (const block of blocks) place(block, places, lengths, file);
  const [length = axisLength(axes[1], file)] = lengths;
  const missing = columns.findIndex((_, i) => places[i] === undefined);
  if (lengths.size > 1) throw dataError(file.name, null, null, 'the columns of the table differ in length');
  if (missing >= 0)
    throw dataError(file.name, null, columns[missing] ?? '', 'the pickle has no values for this column');
  return { columns, length, cell: (column, row) => places[column]?.(row) ?? null };
}

interface BlockParts {
  readonly values: PickleValue | undefined;
  readonly placement: PickleValue | undefined;
}

/** The two axes (columns, then rows) and the blocks of a manager, in the layout of pandas before 1.3 or since. */
function partsOf(
  manager: PickleValue | undefined,
  file: RandomFile,
): { axes: readonly PickleValue[]; blocks: readonly BlockParts[] } {
  if (manager instanceof Built && manager.name === 'pandas.core.internals.managers BlockManager') {
    const [blocks, axes] = manager.args;
    if (blocks instanceof Tuple && Array.isArray(axes)) {
      return { axes, blocks: blocks.items.map((block) => blockParts(block, file)) };
    }
    const state = manager.state instanceof Tuple ? manager.state.items[3] : undefined;
    const kept = state instanceof Dict ? state.entries.get('0.14.1') : undefined;
    const old = kept instanceof Dict ? kept.entries : null;
    const [oldAxes, oldBlocks] = [old?.get('axes'), old?.get('blocks')];
    if (Array.isArray(oldAxes) && Array.isArray(oldBlocks)) {
      return { axes: oldAxes, blocks: oldBlocks.map((block) => blockParts(block, file)) };
    }
  }
  throw dataError(file.name, null, null, 'the DataFrame is kept in a way that is not known here');
}

function blockParts(block: PickleValue, file: RandomFile): BlockParts {
  if (block instanceof Dict) return { values: block.entries.get('values'), placement: block.entries.get('mgr_locs') };
  if (block instanceof Built && (block.name.endsWith(' new_block') || block.name.endsWith(' _unpickle_block'))) {
    return { values: block.args[0], placement: block.args[1] };
  }
  throw dataError(file.name, null, null, 'a block of the DataFrame is kept in a way that is not known here');
}

/** Puts the rows of a block, each of them one column of the table, where they belong. */
function place(
  block: BlockParts,
  places: (((row: number) => Cell) | undefined)[],
  lengths: Set<number>,
  file: RandomFile,
): void {
  const values = block.values;
  const first = readArray(values, file);
  if (first === null) throw dataError(file.name, null, null, `a column of pandas' ${kindOf(values)} is not known here`);
  const isFlat = first.shape.length === 1;
  const [height = 0, width = 0] = isFlat ? [1, first.shape[0] ?? 0] : first.shape;
  const targets = placementOf(block.placement, height, file);
  lengths.add(width);
  targets.forEach((target, i) => {
    const column = first.fork();
    places[target] = (row) => column.at(i * width + row);
  });
}

function kindOf(value: PickleValue | undefined): string {
  return value instanceof Built ? (value.name.split(' ')[1] ?? 'array') : 'array';
}

/** Which columns a block holds: a slice or an array of their places. */
function placementOf(value: PickleValue | undefined, height: number, file: RandomFile): readonly number[] {
  const inner = value instanceof Built && value.name.endsWith(' BlockPlacement') ? value.args[0] : value;
  let places: readonly Cell[] | null = null;
  if (inner instanceof Built && inner.name === 'builtins slice') {
    const [start, , step] = inner.args;
    if (typeof start === 'number' && (step === null || typeof step === 'number')) {
      places = Array.from({ length: height }, (_, i) => start + i * (step ?? 1));
    }
  } else {
    const array = readArray(inner, file);
    if (array !== null && array.shape[0] === height) places = Array.from({ length: height }, (_, i) => array.at(i));
  }
  const known = (places ?? []).filter((at) => typeof at === 'number' && at >= 0 && at < 1e6).map(Number);
  if (places === null || known.length !== height) {
    throw dataError(file.name, null, null, 'a block of the DataFrame does not say which columns it holds');
  }
  return known;
}

/** The labels of an Index, as text. */
function labelsOf(index: PickleValue | undefined, file: RandomFile): readonly string[] {
  const members = indexMembers(index);
  const array = readArray(members?.get('data'), file);
  if (array !== null) return Array.from({ length: array.shape[0] ?? 0 }, (_, i) => textOfCell(array.at(i)) ?? '');
  if (members !== null) return Array.from({ length: axisLength(index, file) }, (_, i) => String(i));
  throw dataError(file.name, null, null, 'the names of the columns are kept in a way that is not known here');
}

function indexMembers(index: PickleValue | undefined): ReadonlyMap<string | number, PickleValue> | null {
  const members = index instanceof Built ? index.args[1] : undefined;
  return members instanceof Dict ? members.entries : null;
}

function axisLength(index: PickleValue | undefined, file: RandomFile): number {
  const members = indexMembers(index);
  const array = readArray(members?.get('data'), file);
  if (array !== null) return array.shape[0] ?? 0;
  const [start, stop, step] = ['start', 'stop', 'step'].map((name) => Number(members?.get(name) ?? Number.NaN));
  const length = Math.ceil(((stop ?? 0) - (start ?? 0)) / (step ?? 1));
  // A table without columns still has rows; nobody needs more of them than can be counted here.
  return Number.isSafeInteger(length) && length >= 0 && length < 1e8 ? length : 0;
}
