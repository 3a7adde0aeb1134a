import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf, PointsmanError } from '../../core/errors.ts';
import { dataError } from './data-error.ts';
import { readBytes } from './file-bytes.ts';
import { openRandomFile, type RandomFile } from './pickle/byte-source.ts';
import { readDataFrame, type DataFrame } from './pickle/data-frame.ts';
import { unpickle } from './pickle/unpickle.ts';
import type { PickleValue } from './pickle/values.ts';
import type { Cell, Table } from './table.ts';

const batchRows = 1024;
/** A packed pickle that unpacks to more than this is taken for a bomb. */
const maxUnpackedBytes = 16 * 2 ** 30;

export interface OpenedPickle {
  readonly file: RandomFile;
  readonly value: PickleValue;
}

/**
 * Opens a Python pickle; see `unpickle` for what it does and never does. A packed one is unpacked into a temporary file
 * that is gone with this process, since texts are read by place. Rejects with `invalid_data`.
 */
export async function openPickle(path: string, name: string, isPacked: boolean): Promise<OpenedPickle> {
  const file = isPacked ? await unpacked(path, name) : openRandomFile(path, name);
  return { file, value: unpickle(file) };
}

/** A pickled pandas DataFrame; null where the pickle holds something else. */
export function tableOfPickle({ file, value }: OpenedPickle): Table | null {
  const frame = readDataFrame(value, file);
  return frame === null ? null : tableOfFrame(frame, file.name);
}

function tableOfFrame(frame: DataFrame, name: string): Table {
  return {
    name,
    columns: frame.columns,
    firstRow: 1,
    async *records(wanted) {
      const places = wanted.map((column) => frame.columns.indexOf(column));
      for (let start = 0; start < frame.length; start += batchRows) {
        const end = Math.min(start + batchRows, frame.length);
        const batch: Cell[][] = Array.from({ length: end - start }, () => []);
        // Column by column: the texts of a column lie together in the file.
        for (const place of places) {
          for (let row = start; row < end; row++) batch[row - start]?.push(place < 0 ? null : frame.cell(place, row));
        }
        yield batch;
      }
    },
  };
}

async function unpacked(path: string, name: string): Promise<RandomFile> {
  const folder = await mkdtemp(join(tmpdir(), 'pointsman-pickle-'));
  try {
    const copy = join(folder, 'unpacked');
    let total = 0;
    const bytes = async function* (): AsyncGenerator<Buffer> {
      for await (const chunk of readBytes(path, name)) {
        total += chunk.length;
        if (total > maxUnpackedBytes) throw dataError(name, null, null, 'it unpacks to more than 16 GiB');
        yield chunk;
      }
    };
    await pipeline(Readable.from(bytes()), createWriteStream(copy));
    return openRandomFile(copy, name);
  } catch (cause) {
    if (cause instanceof PointsmanError) throw cause;
    throw dataError(name, null, null, `it cannot be unpacked: ${messageOf(cause)}`);
  } finally {
    // The open file outlives its name.
    await rm(folder, { recursive: true, force: true });
  }
}
