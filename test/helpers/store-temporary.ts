import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import type { OutcomeStore } from '../../src/core/outcome.ts';
import { openStore, type SqliteStore, type StoreEvent, type StoreOptions } from '../../src/outcomes/store.ts';

/** A fresh directory that goes away with the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'pointsman-store-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export interface OpenedStore {
  readonly store: SqliteStore;
  readonly path: string;
  readonly events: StoreEvent[];
}

/** A store in a fresh directory (or at `path`), closed with the test. */
export async function temporaryStore(options: Partial<StoreOptions> = {}): Promise<OpenedStore> {
  const path = options.path ?? join(temporaryDirectory(), 'outcomes.db');
  const events: StoreEvent[] = [];
  const store = await openStore({
    clock: systemClock,
    embedder: 'hashing-v1-4',
    onEvent: (event) => void events.push(event),
    ...options,
    path,
  });
  onTestFinished(() => store.close());
  return { store, path, events };
}

/** One store for every test of a file that does not need it empty: starting a thread from source takes a second. */
export function sharedStore(): OpenedStore {
  let store: SqliteStore | null = null;
  const directory = mkdtempSync(join(tmpdir(), 'pointsman-store-'));
  const path = join(directory, 'outcomes.db');
  const events: StoreEvent[] = [];
  beforeAll(async () => {
    const onEvent = (event: StoreEvent): void => void events.push(event);
    store = await openStore({ clock: systemClock, embedder: 'hashing-v1-4', path, onEvent });
  });
  afterAll(async () => {
    await store?.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return {
    path,
    events,
    get store() {
      if (store === null) throw new Error('The shared store is opened before the first test.');
      return store;
    },
  };
}

/** The last `seq` in the log. */
export async function lastSeq(store: OutcomeStore): Promise<number> {
  return (await store.observations(0, 1_000_000)).at(-1)?.seq ?? 0;
}

/** Resolves when nothing waits any more. */
export async function settled(store: OutcomeStore): Promise<void> {
  while (store.health().pending > 0) await new Promise((done) => setTimeout(done, 5));
}
