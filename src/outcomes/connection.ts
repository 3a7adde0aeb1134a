import { PointsmanError } from '../core/errors.ts';
import { fileIdentity, openDatabase, storageFault, type Database } from './database.ts';
import type { StorageFault } from './database.ts';
import type { WorkerOptions, WriteOrder, WriteResult } from './messages.ts';
import { migrate } from './migrate.ts';
import { createReader, type Reader } from './reader.ts';
import { createRewardWriter } from './reward-writer.ts';
import { createRowWriter, type Refusals } from './row-writer.ts';

/** An open, migrated database with its statements. Lives in the worker. */
export interface Connection {
  readonly database: Database;
  readonly reader: Reader;
  /** One transaction: all of it or, on a thrown fault, none. */
  write(order: WriteOrder): Omit<WriteResult, 'replaced'>;
  close(): void;
  /** The file is still the one that was opened. */
  current(): boolean;
}

/** Throws what better-sqlite3 or the file system throws; see `faultOf`. */
export function connect(options: WorkerOptions, now: number): Connection {
  const database = openDatabase(options);
  try {
    migrate(database, now);
    const identity = fileIdentity(options.path);
    const rows = createRowWriter(database, options.embedder);
    const reward = createRewardWriter(database, options.embedder);
    const write = database.transaction((order: WriteOrder): Omit<WriteResult, 'replaced'> => {
      const refusals: Refusals = { count: 0, because: null };
      if (order.rows !== null) rows.write(order.rows, refusals);
      return {
        receipts: order.rewards.map((entry) => reward(entry)),
        refused: refusals.count,
        refusedBecause: refusals.because,
      };
    });
    return {
      database,
      reader: createReader(database, options.embedder),
      write(order) {
        if (!order.durable) return write.immediate(order);
        // The setting cannot change inside a transaction. FULL flushes the log at the commit, and with it all before.
        database.exec('PRAGMA synchronous = FULL');
        try {
          return write.immediate(order);
        } finally {
          database.exec('PRAGMA synchronous = NORMAL');
        }
      },
      close: () => void database.close(),
      current: () => fileIdentity(options.path) === identity,
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** What to tell people about anything thrown while opening or using the database at `path`. */
export function faultOf(thrown: unknown, path: string): StorageFault {
  if (thrown instanceof PointsmanError) return { kind: 'broken', message: thrown.message };
  const fault = storageFault(thrown);
  if (fault.kind !== 'broken') return { ...fault, message: `The outcome database ${path}: ${fault.message}` };
  return {
    kind: 'broken',
    message:
      `The outcome database ${path} is damaged or no database (${fault.message}). Move it away, together with its ` +
      '-wal and -shm files, and start again: a new one is made.',
  };
}
