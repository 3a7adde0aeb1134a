import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';
import { messageOf } from '../core/errors.ts';

/** The only file that knows better-sqlite3. */
export type Database = Sqlite.Database;
export type Statement<Parameters extends unknown[], Row> = Sqlite.Statement<Parameters, Row>;

/**
 * Why the database did not do it. `row`: this row can never be stored, the next one can. `unavailable`: locked, full,
 * gone, not writable; later it may work. `broken`: what lies there is no database, is damaged or is too new.
 */
export interface StorageFault {
  readonly kind: 'row' | 'unavailable' | 'broken';
  /** For people. */
  readonly message: string;
}

export interface DatabaseOptions {
  readonly path: string;
  /** How long a statement waits for another connection's lock. */
  readonly busyTimeoutMs: number;
  /** Largest size of the file, in pages of 4 KiB; null: the disk is the limit. */
  readonly maxPages: number | null;
}

/**
 * Opens or creates the file and its directory. WAL: readers never wait for the writer. NORMAL: a commit survives a
 * killed process, the last ones may be lost with the power; what must survive that too is written with FULL.
 */
export function openDatabase({ path, busyTimeoutMs, maxPages }: DatabaseOptions): Database {
  mkdirSync(dirname(path), { recursive: true });
  const database = new Sqlite(path, { timeout: busyTimeoutMs });
  try {
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = NORMAL');
    database.pragma('foreign_keys = ON');
    // Fewer, larger checkpoints: pages that change often are copied back once. 4000 pages are 16 MiB.
    database.pragma('wal_autocheckpoint = 4000');
    if (maxPages !== null) database.pragma(`max_page_count = ${maxPages}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Opens what is there and never writes. */
export function openReadOnly(path: string): Database {
  return new Sqlite(path, { readonly: true, fileMustExist: true, timeout: 2_000 });
}

/** The file's identity, to notice that it was removed or replaced under us; null where there is none. */
export function fileIdentity(path: string): string | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.dev}:${stat.ino}`;
}

/** Sorts what was thrown by a statement, by `openDatabase` or by a migration. */
export function storageFault(thrown: unknown): StorageFault {
  const message = messageOf(thrown);
  if (!(thrown instanceof Sqlite.SqliteError)) {
    // Parameters that cannot be bound belong to one row; everything else is the file system's.
    return { kind: thrown instanceof TypeError || thrown instanceof RangeError ? 'row' : 'unavailable', message };
  }
  const code = thrown.code;
  if (code.startsWith('SQLITE_CONSTRAINT') || code === 'SQLITE_MISMATCH' || code === 'SQLITE_TOOBIG') {
    return { kind: 'row', message };
  }
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')) return { kind: 'broken', message };
  return { kind: 'unavailable', message: `${message} (${code})` };
}
