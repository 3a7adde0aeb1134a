import { existsSync } from 'node:fs';
import type { Routing } from '../app/routing.ts';
import type { Config } from '../config/config.ts';
import { systemClock } from '../core/clock.ts';
import { createLearning } from '../learning/learning.ts';
import { openStore } from '../outcomes/store.ts';

/** Folds what the gateway has learned so far into the estimators; reads only. Returns how far the log went. */
export async function recall(config: Config, routing: Routing): Promise<number> {
  if (!existsSync(config.storage.path)) return 0;
  const store = await openStore({ path: config.storage.path, clock: systemClock });
  try {
    const learning = createLearning({ store, clock: systemClock, snapshotEvery: Infinity });
    routing.teach(learning);
    // Not closed: closing would save snapshots, and those belong to the gateway that runs.
    await learning.start();
    return learning.health().seq;
  } finally {
    await store.close();
  }
}
