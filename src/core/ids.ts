import { randomFillSync } from 'node:crypto';

const pool = Buffer.allocUnsafe(16 * 256);
let used = pool.length;

/** `prefix` and 128 unguessable bits in base64url (22 characters). The pool makes one system call serve 256 ids. */
export function newId(prefix: string): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const start = used;
  used += 16;
  return prefix + pool.toString('base64url', start, used);
}

/**
 * As `newId`, with the time in front: 8 characters of base 36, as unguessable behind it. Ids that are made one after the
 * other lie side by side in an index, so a database writes one page for many of them instead of a page each.
 */
export function newOrderedId(prefix: string, nowMs: number): string {
  return newId(prefix + nowMs.toString(36).padStart(8, '0'));
}

const clockPart = /^[a-z]+_(?<time>[0-9a-z]{8})[\w-]{22}$/;

/** When an id of `newOrderedId` was made, in milliseconds since the epoch; null for any other text. */
export function timeOfId(id: string): number | null {
  const time = clockPart.exec(id)?.groups?.['time'];
  return time === undefined ? null : Number.parseInt(time, 36);
}
