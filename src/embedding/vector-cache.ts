import { createHash } from 'node:crypto';

/** The vectors of texts that were embedded lately, and of those being embedded now, by a hash of the text. */
export interface VectorCache {
  /** Asks `make` where the text is not known. Who asks for the same text meanwhile shares the answer; a failure is not kept. */
  get(text: string, make: () => Promise<Float32Array>): Float32Array | Promise<Float32Array>;
  readonly hits: number;
}

/** @param capacity vectors; the one that was not asked for longest makes room. */
export function createVectorCache(capacity: number): VectorCache {
  const known = new Map<string, Float32Array>();
  const asked = new Map<string, Promise<Float32Array>>();
  let hits = 0;
  return {
    get hits() {
      return hits;
    },
    get(text, make) {
      const key = createHash('sha256').update(text).digest('base64');
      const found = known.get(key);
      if (found !== undefined) {
        hits++;
        known.delete(key);
        known.set(key, found);
        return found;
      }
      const running = asked.get(key);
      if (running !== undefined) return running;
      const promise = make()
        .then((vector) => {
          known.set(key, vector);
          const oldest = known.size > capacity ? known.keys().next() : null;
          if (oldest?.done === false) known.delete(oldest.value);
          return vector;
        })
        .finally(() => asked.delete(key));
      asked.set(key, promise);
      return promise;
    },
  };
}

/** To length 1; null where it is no vector of finite numbers. */
export function toUnit(values: ArrayLike<number>): Float32Array | null {
  const out = Float32Array.from(values);
  let square = 0;
  for (const value of out) square += value * value;
  if (!(square < Infinity)) return null;
  const scale = square === 0 ? 0 : 1 / Math.sqrt(square);
  return out.map((value) => value * scale);
}
