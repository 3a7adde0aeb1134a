import { createHash } from 'node:crypto';
import type { Config, KeyConfig } from '../config/config.ts';
import { PointsmanError } from '../core/errors.ts';
import type { Access } from '../http/gateway.ts';

const everybody: Access = {
  caller: { tenant: 'default', key: null },
  scopes: new Set(['chat', 'feedback', 'metrics', 'admin']),
  routes: null,
};

const accessOf = (key: KeyConfig): Access => ({
  caller: { tenant: key.tenant, key: key.name },
  scopes: new Set(key.scopes),
  routes: key.routes === null ? null : new Set(key.routes),
});

/**
 * From a secret to what it may do. Secrets are looked up by their SHA-256, so how long a look-up takes says nothing
 * about how near a guess came. Without keys everybody who may reach the gateway may do everything.
 */
export function createAuthenticator(config: Config): (secret: string | null) => Access {
  if (config.auth !== 'keys') return () => everybody;
  const byHash = new Map(config.keys.map((key) => [key.hash, accessOf(key)]));
  return (secret) => {
    if (secret === null) {
      throw new PointsmanError('missing_api_key', 'No API key was sent. Send one as "Authorization: Bearer KEY".');
    }
    const access = byHash.get(createHash('sha256').update(secret).digest('hex'));
    if (access === undefined) throw new PointsmanError('invalid_api_key', 'This API key is not known to the gateway.');
    return access;
  };
}
