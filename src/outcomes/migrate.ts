import { readdirSync, readFileSync } from 'node:fs';
import { PointsmanError } from '../core/errors.ts';
import type { Database } from './database.ts';

/** The repository's `migrations/`, from `src/` and from `dist/` alike. */
const bundled = new URL('../../migrations/', import.meta.url);

export interface Migration {
  readonly version: number;
  /** The file's name. */
  readonly name: string;
  readonly sql: string;
}

/** Files `NNN-name.sql`, by number. */
export function readMigrations(directory: URL = bundled): readonly Migration[] {
  return readdirSync(directory)
    .filter((name) => /^\d{3}-.+\.sql$/.test(name))
    .sort()
    .map((name) => ({
      version: Number(name.slice(0, 3)),
      name,
      sql: readFileSync(new URL(name, directory), 'utf8'),
    }));
}

/**
 * Brings the database to the newest version, each step in one transaction. Throws `invalid_data` where the database
 * comes from a newer program, or holds tables that are not ours.
 */
export function migrate(database: Database, now: number, migrations: readonly Migration[] = readMigrations()): void {
  const newest = migrations.at(-1)?.version ?? 0;
  const known = database
    .prepare<[], { present: number }>(
      "SELECT count(*) AS present FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'",
    )
    .get();
  const version = (): number =>
    database
      .prepare<[], { version: number }>('SELECT coalesce(max(version), 0) AS version FROM schema_migrations')
      .get()?.version ?? 0;
  const current = known?.present === 1 ? version() : 0;
  if (current > newest) {
    throw new PointsmanError(
      'invalid_data',
      `The outcome database ${database.name} has schema version ${current}, this program knows ${newest}. ` +
        'Start the newer program again, or move the file away to begin a new one.',
    );
  }
  if (current === newest) return;
  // Immediate: two gateways that start together must not both run a step.
  database
    .transaction(() => {
      database.exec(
        'CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT',
      );
      const from = version();
      for (const migration of migrations) {
        if (migration.version <= from) continue;
        database.exec(migration.sql);
        database
          .prepare<[number, string, number]>('INSERT INTO schema_migrations VALUES (?, ?, ?)')
          .run(migration.version, migration.name, now);
      }
    })
    .immediate();
}
