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
