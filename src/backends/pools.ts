import { isIP, type LookupFunction } from 'node:net';
import { Pool } from 'undici';
import { plainHost } from '../core/hosts.ts';
import { guardedLookup } from '../network/guarded-lookup.ts';

/** Connections to one origin; more calls than that wait for one, against their own deadlines. */
const connections = 1024;

/** How often a name is asked for its addresses again, in milliseconds: how long a new host waits for its first work. */
const usualRecheckMs = 15_000;

/**
 * Kept-alive connections, one pool for each origin and connect deadline. A name is looked up for each connection, and again
 * now and then: where its addresses are others than before, calls from then on open connections of their own, and those of
 * before end with what runs on them. Else a host that joins would wait for work until a connection to another breaks.
 */
export class Pools {
  readonly #pools = new Map<string, Pool>();
  /** Replaced, and not at the end of their calls yet. */
  readonly #retiring = new Set<Pool>();
  /** By name, sorted: what it meant when it was last asked. */
  readonly #meanings = new Map<string, string>();
  readonly #lookup: LookupFunction;
  readonly #recheckMs: number;
  #timer: NodeJS.Timeout | null = null;

  constructor(lookup: LookupFunction = guardedLookup(), recheckMs: number = usualRecheckMs) {
    this.#lookup = lookup;
    this.#recheckMs = recheckMs;
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
      this.#watch(origin);
    }
    return pool;
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await Promise.all([...this.#pools.values(), ...this.#retiring].map((pool) => pool.destroy()));
    this.#pools.clear();
    this.#retiring.clear();
  }

  /** From the first connection on; a number stays what it is. */
  #watch(origin: string): void {
    const host = nameOf(origin);
    if (isIP(host) !== 0 || this.#meanings.has(host)) return;
    this.#meanings.set(host, '');
    this.#ask(host);
    this.#timer ??= setInterval(() => {
      for (const each of this.#meanings.keys()) this.#ask(each);
    }, this.#recheckMs).unref();
  }

  #ask(host: string): void {
    this.#lookup(host, { all: true }, (error, addresses) => {
      // A resolver that is down, or a name that means a forbidden address, is no reason to leave what works.
      if (error !== null || typeof addresses === 'string') return;
      const meaning = addresses
        .map(({ address }) => address)
        .toSorted()
        .join(' ');
      const before = this.#meanings.get(host);
      this.#meanings.set(host, meaning);
      if (before !== '' && before !== undefined && before !== meaning) this.#renew(host);
    });
  }

  #renew(host: string): void {
    for (const [key, pool] of this.#pools) {
      if (nameOf(key.slice(key.indexOf(' ') + 1)) !== host) continue;
      this.#pools.delete(key);
      this.#retiring.add(pool);
      const gone = (): boolean => this.#retiring.delete(pool);
      pool.close().then(gone, gone);
    }
  }
}

const nameOf = (origin: string): string => plainHost(new URL(origin).hostname);
