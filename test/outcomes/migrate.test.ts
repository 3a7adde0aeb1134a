import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase, type Database } from '../../src/outcomes/database.ts';
import { migrate, readMigrations } from '../../src/outcomes/migrate.ts';
import { temporaryDirectory } from '../helpers/store-temporary.ts';

function emptyDatabase(): Database {
  const database = openDatabase({ path: join(temporaryDirectory(), 'a', 'b.db'), busyTimeoutMs: 100, maxPages: null });
  onTestFinished(() => void database.close());
  return database;
}

const tables = (database: Database): string[] =>
  database
    .prepare<[], { name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    .all()
    .map(({ name }) => name);

describe('migrations', () => {
  it('are numbered without gap, beginning with 1', () => {
    expect(readMigrations().map(({ version }) => version)).toEqual(readMigrations().map((_, i) => i + 1));
  });

  it('make every table once and remember it', () => {
    const database = emptyDatabase();
    migrate(database, 123);
    migrate(database, 456);
    expect(tables(database)).toEqual(
      expect.arrayContaining(['attempts', 'decisions', 'rewards', 'schema_migrations', 'snapshots', 'texts']),
    );
    expect(database.prepare('SELECT * FROM schema_migrations').all()).toEqual([
      { version: 1, name: '001-outcomes.sql', applied_at: 123 },
      { version: 2, name: '002-preferences.sql', applied_at: 123 },
    ]);
    // The views are for people at a shell: no test would notice otherwise that one no longer prepares.
    for (const view of ['decisions', 'attempts', 'rewards']) {
      expect(database.prepare(`SELECT * FROM ${view}_readable`).all()).toEqual([]);
    }
  });

  it('run only what is missing, and all or nothing', () => {
    const database = emptyDatabase();
    const first = { version: 1, name: '001-a.sql', sql: 'CREATE TABLE a (x)' };
    migrate(database, 1, [first]);
    const broken = { version: 3, name: '003-c.sql', sql: 'CREATE TABLE c (x); CREATE TABLE nonsense' };
    const second = { version: 2, name: '002-b.sql', sql: 'CREATE TABLE b (x)' };
    expect(() => migrate(database, 2, [first, second, broken])).toThrow(/syntax|incomplete/);
    expect(tables(database)).toEqual(['a', 'schema_migrations']);
    migrate(database, 3, [first, second]);
    expect(tables(database)).toEqual(['a', 'b', 'schema_migrations']);
  });

  it('refuse a database of a newer program and say what to do', () => {
    const database = emptyDatabase();
    migrate(database, 1);
    database.exec("INSERT INTO schema_migrations VALUES (99, '099-future.sql', 1)");
    expect(() => migrate(database, 2)).toThrow(
      expect.objectContaining({ code: 'invalid_data', message: expect.stringMatching(/version 99.*knows 2.*newer/s) }),
    );
  });
});
