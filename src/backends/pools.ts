import type { LookupFunction } from 'node:net';
import { Pool } from 'undici';
import { guardedLookup } from './guarded-lookup.ts';

/** Connections to one origin; more calls than that wait for one, against their own deadlines. */
const connections = 1024;

/** Kept-alive connections, one pool for each origin and connect deadline. */
export class Pools {
  readonly #pools = new Map<string, Pool>();
  readonly #lookup: LookupFunction;

  constructor(lookup: LookupFunction = guardedLookup()) {
    this.#lookup = lookup;
  }

  of(origin: string, connectMs: number): Pool {
    const key = `${connectMs} ${origin}`;
    let pool = this.#pools.get(key);
    if (pool === undefined) {
      // Deadlines belong to upstream/, which knows a ping from a token; undici's own are switched off.
      pool = new Pool(origin, {
        connections,
        connect: { timeout: connectMs, lookup: this.#lookup },
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      this.#pools.set(key, pool);
    }
    return pool;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
    this.#pools.clear();
  }
}
