/** Randomness as seen by policies, estimators, learning and replay: injected and seeded. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [0, bound). */
  integer(bound: number): number;
  /** Standard normal (Box-Muller). */
  normal(): number;
}

/** 32-bit FNV-1a over UTF-16 code units, finished with murmur3's mixer. Not for secrets. */
export function hash32(text: string, seed = 0): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * A seeded generator (sfc32, 128 bits of state, Practically Random). Same seed, same numbers, on every machine.
 * A string seed is hashed, so `seededRandom(`${routeSeed}:${decisionId}`)` is one independent stream per decision.
 */
export function seededRandom(seed: string | number): Random {
  let a = 0;
  let b = 0;
  let c = 0;
  let counter = 0;
  /** At the first draw: every decision has a stream of its own, and most never draw. */
  const start = (): void => {
    const text = String(seed);
    a = hash32(text, 1);
    b = hash32(text, 2);
    c = hash32(text, 3);
    counter = 1;
    for (let i = 0; i < 12; i++) step();
    started = true;
  };
  let started = false;
  const step = (): number => {
    const out = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + out) | 0;
    return out >>> 0;
  };
  const draw = (): number => {
    if (!started) start();
    return step();
  };
  const next = (): number => (draw() >>> 5) / 2 ** 27;
  return {
    next,
    integer: (bound) => Math.floor(next() * bound),
    normal() {
      const radius = Math.sqrt(-2 * Math.log(1 - next()));
      return radius * Math.cos(2 * Math.PI * next());
    },
  };
}
