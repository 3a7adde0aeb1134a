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
  /** The largest `seq` that the log ever gave; 0: none. */
  lastSeq(): number;
}

/**
 * Throws what better-sqlite3 or the file system throws; see `faultOf`.
 *
 * @param afterSeq the log goes on behind it, whatever the file holds: learners that run have passed it and would take
 * a smaller `seq` for one that they know.
 */
export function connect(options: WorkerOptions, now: number, afterSeq = 0): Connection {
  const database = openDatabase(options);
  try {
    migrate(database, now);
    if (afterSeq > 0) raiseSeq(database, afterSeq);
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
      lastSeq: () => lastSeqOf(database),
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** From SQLite's own book of AUTOINCREMENT numbers: rewards that retention removed count too. */
function lastSeqOf(database: Database): number {
  return (
    database.prepare<[], { seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = 'rewards'").get()?.seq ?? 0
  );
}

function raiseSeq(database: Database, seq: number): void {
  // Immediate: another gateway may be raising it too.
  database
    .transaction(() => {
      if (lastSeqOf(database) >= seq) return;
      database.exec("DELETE FROM sqlite_sequence WHERE name = 'rewards'");
      database.prepare<[number], never>("INSERT INTO sqlite_sequence (name, seq) VALUES ('rewards', ?)").run(seq);
    })
    .immediate();
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
