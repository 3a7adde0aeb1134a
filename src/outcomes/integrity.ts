import { messageOf } from '../core/errors.ts';
import { openReadOnly } from './database.ts';

/** What is wrong with a database file, by SQLite's own look at every page; null where it is whole. Changes nothing. */
export function checkIntegrity(path: string): string | null {
  try {
    const database = openReadOnly(path);
    try {
      const rows: unknown = database.pragma('quick_check(1)', { simple: true });
      return rows === 'ok' ? null : String(rows);
    } finally {
      database.close();
    }
  } catch (error) {
    return messageOf(error);
  }
}
