import { createHash } from 'node:crypto';
import type { KeyConfig } from './config.ts';
import { suggestion } from './nearest.ts';
import type { Report } from './report.ts';
import type { ConfigFile } from './schema.ts';

const hashed = /^sha256:([0-9a-f]{64})$/i;
const shortestSecret = 16;

/** SHA-256 of a key's secret in lower-case hex: what a presented key is compared by. */
export function hashKey(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('hex');
}

/** Keys with the secrets hashed away. */
export function normaliseKeys(
  files: NonNullable<ConfigFile['keys']>,
  routes: readonly string[],
  report: Report,
): KeyConfig[] {
  const names = new Set<string>();
  const hashes = new Map<string, string>();
  return files.map((file, index) => {
    const path = ['keys', index];
    if (names.has(file.name)) report.problem([...path, 'name'], `"${file.name}" is already the name of another key`);
    names.add(file.name);

    const digest = hashed.exec(file.key)?.[1]?.toLowerCase();
    if (digest === undefined && file.key.startsWith('sha256:')) {
      report.problem([...path, 'key'], 'after "sha256:" stand 64 hex digits');
    } else if (digest === undefined && file.key.length < shortestSecret) {
      report.warning([...path, 'key'], `the secret is short; take ${shortestSecret} characters or more`);
    }
    if (digest === undefined && !report.fromEnvironment([...path, 'key'])) {
      report.warning([...path, 'key'], 'a secret stands in the file; write ${NAME}, or its "sha256:" hash');
    }
    const hash = digest ?? hashKey(file.key);
    const twin = hashes.get(hash);
    if (twin !== undefined) report.problem([...path, 'key'], `is the same secret as that of "${twin}"`);
    hashes.set(hash, file.name);

    for (const [at, route] of (file.routes ?? []).entries()) {
      if (!routes.includes(route)) {
        report.problem([...path, 'routes', at], `no route is called "${route}"${suggestion(route, routes)}`);
      }
    }
    return {
      name: file.name,
      hash,
      tenant: file.tenant ?? 'default',
      routes: file.routes ?? null,
      scopes: file.scopes ?? ['chat', 'feedback'],
      usdPerDay: file.usd_per_day ?? null,
      ...(file.priority !== undefined && { priority: file.priority }),
    };
  });
}
