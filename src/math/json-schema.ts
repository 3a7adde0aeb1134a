import { Check } from 'typebox/schema';

/** A schema with more nodes than this is not worth the time of a gateway's thread. */
const mostNodes = 2_000;

/** Keywords whose value is somebody's regular expression: one that backtracks would stop every request. */
const expressions: ReadonlySet<string> = new Set(['pattern', 'patternProperties', 'format']);

/**
 * Whether a value fits a JSON Schema that a client sent; null where the schema itself cannot be used. `pattern`,
 * `patternProperties` and `format` are not looked at.
 */
export function fitsSchema(schema: unknown, value: unknown): boolean | null {
  let nodes = 0;
  const without = (part: unknown, depth: number): unknown => {
    if (++nodes > mostNodes || depth > 64) throw new RangeError('too large');
    if (Array.isArray(part)) return part.map((item) => without(item, depth + 1));
    if (typeof part !== 'object' || part === null) return part;
    const kept: [string, unknown][] = [];
    for (const [key, inner] of Object.entries(part)) {
      if (!expressions.has(key)) kept.push([key, without(inner, depth + 1)]);
    }
    return Object.fromEntries(kept);
  };
  if (typeof schema !== 'object' || schema === null) return null;
  try {
    const usable = without(schema, 0);
    return typeof usable === 'object' && usable !== null ? Check(usable, value) : null;
  } catch {
    return null;
  }
}

/** The value of a text that is JSON and nothing else; undefined where it is none. */
export function jsonIn(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}
