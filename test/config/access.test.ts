import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hashKey } from '../../src/config/normalise-keys.ts';
import { model, read, refusal } from './read.ts';

const long = 'a-key-of-more-than-sixteen-characters';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('keys', () => {
  it('keeps only hashes, of plain secrets and of written ones', () => {
    const { keys, auth } = read(
      `${model}keys:
  - { name: a, key: "\${A}" }
  - name: b
    key: sha256:${sha256('other').toUpperCase()}
    tenant: t
    routes: [auto]
    scopes: [metrics, admin]
    usd_per_day: 4
`,
      { A: long },
    );
    expect(auth).toBe('keys');
    expect(keys).toEqual([
      { name: 'a', hash: sha256(long), tenant: 'default', routes: null, scopes: ['chat', 'feedback'], usdPerDay: null },
      { name: 'b', hash: sha256('other'), tenant: 't', routes: ['auto'], scopes: ['metrics', 'admin'], usdPerDay: 4 },
    ]);
    expect(hashKey('käse')).toBe(sha256('käse'));
  });

  it.each([
    [`[{ name: a, key: "${long}" }, { name: a, key: "${long}2" }]`, 'keys[1].name: "a" is already the name'],
    [`[{ name: a, key: "${long}" }, { name: b, key: "${long}" }]`, 'keys[1].key: is the same secret as that of "a"'],
    [`[{ name: a, key: "${long}" }, { name: b, key: "sha256:${sha256(long)}" }]`, 'is the same secret'],
    ['[{ name: a, key: "sha256:abc" }]', 'after "sha256:" stand 64 hex digits'],
    [
      `[{ name: a, key: "${long}", routes: [aut] }]`,
      'keys[0].routes[0]: no route is called "aut"; did you mean "auto"?',
    ],
    [`[{ name: a, key: "${long}", scopes: [caht] }]`, 'did you mean "chat"?'],
    [`[{ name: a, key: "\${UNSET}" }]`, 'UNSET is not set'],
  ])('refuses %s', (keys, expected) => {
    expect(refusal(`${model}keys: ${keys}\n`)).toContain(expected);
  });

  it('warns of short secrets and of secrets in the file', () => {
    expect(read(`${model}keys: [{ name: a, key: "\${A}" }]`, { A: 'short' }).warnings.join()).toContain(
      'the secret is short',
    );
    expect(read(`${model}keys: [{ name: a, key: ${long} }]`).warnings.join()).toContain('stands in the file');
    expect(read(`${model}keys: [{ name: a, key: "sha256:${sha256('x')}" }]`).warnings).toEqual([]);
  });
});

describe('who is served', () => {
  const keys = `keys: [{ name: a, key: "sha256:${sha256('x')}" }]\n`;

  it.each([
    ['', 'loopback'],
    ['listen: { host: localhost }\n', 'loopback'],
    ['listen: { host: "::1" }\n', 'loopback'],
    ['auth: none\nlisten: { host: 0.0.0.0 }\n', 'none'],
    [`${keys}listen: { host: 0.0.0.0 }\n`, 'keys'],
    [`${keys}auth: keys\n`, 'keys'],
  ])('%j is %s', (yaml, expected) => {
    expect(read(model + yaml).auth).toBe(expected);
  });

  it.each(['0.0.0.0', '::', '192.168.1.5', 'my-host', 'example.com'])('does not bind %s without keys', (host) => {
    const message = refusal(`${model}listen: { host: "${host}" }\n`);
    expect(message).toContain(`listen.host: ${host} can be reached by others`);
    expect(message).toContain('auth: none');
    expect(refusal(`${model}auth: loopback\nlisten: { host: "${host}" }\n`)).toContain('can be reached by others');
  });

  it('refuses what contradicts itself', () => {
    expect(refusal(`${model}auth: keys\n`)).toContain('auth: is "keys", and no keys are configured');
    expect(refusal(`${model}${keys}auth: none\n`)).toContain('remove one of the two');
    expect(refusal(`${model}${keys}auth: loopback\n`)).toContain('remove one of the two');
  });

  it('counts megabytes', () => {
    expect(read(model).listen).toEqual({ host: '127.0.0.1', port: 4040, bodyLimitBytes: 20_000_000 });
    expect(read(`${model}listen: { body_limit_mb: 0.5, port: 0 }`).listen).toMatchObject({
      port: 0,
      bodyLimitBytes: 500_000,
    });
  });
});

describe('the environment', () => {
  it('goes before the file', () => {
    const config = read(`${model}listen: { port: 1 }\nstorage: { path: a.db }\n`, {
      PORT: '2',
      POINTSMAN_PORT: '3',
      HOST: '::1',
      POINTSMAN_STORAGE_PATH: 'b.db',
      POINTSMAN_LOG_LEVEL: 'warn',
    });
    expect(config.listen).toMatchObject({ host: '::1', port: 3 });
    expect(config.storage.path).toBe('/srv/gateway/b.db');
    expect(config.logLevel).toBe('warn');
    expect(read(`${model}storage: { path: a.db }`, { PORT: '2' })).toMatchObject({
      listen: { port: 2 },
      storage: { path: '/etc/pointsman/a.db' },
      logLevel: 'info',
    });
  });

  it('can open the gateway to others only with a key or by saying so', () => {
    expect(refusal(model, { HOST: '0.0.0.0' })).toContain('0.0.0.0 (from the environment variable HOST)');
    expect(read(model, { HOST: '0.0.0.0', POINTSMAN_AUTH: 'none' }).auth).toBe('none');
    const config = read(model, { HOST: '0.0.0.0', POINTSMAN_KEY: long });
    expect(config.auth).toBe('keys');
    expect(config.keys).toEqual([
      {
        name: 'environment',
        hash: sha256(long),
        tenant: 'default',
        routes: null,
        scopes: ['chat', 'feedback', 'metrics', 'admin'],
        usdPerDay: null,
      },
    ]);
  });

  it.each([
    [{ PORT: '80x' }, 'PORT is "80x"; expected a whole number from 0 to 65535'],
    [{ POINTSMAN_PORT: '65536' }, 'POINTSMAN_PORT'],
    [{ POINTSMAN_PORT: '-1' }, 'POINTSMAN_PORT'],
    [{ POINTSMAN_AUTH: 'off' }, 'expected keys, loopback, none'],
    [{ POINTSMAN_LOG_LEVEL: 'loud' }, 'POINTSMAN_LOG_LEVEL is "loud"'],
  ])('refuses %j', (environment, expected) => {
    expect(refusal(model, environment)).toContain(expected);
  });

  it('takes an empty variable for none, and points at a misspelt one', () => {
    const config = read(model, { PORT: '', POINTSMAN_PROT: '1', POINTSMAN_SHARED_DATA: 'x' });
    expect(config.listen.port).toBe(4040);
    expect(config.warnings).toEqual([
      'The environment variable POINTSMAN_PROT is not read; did you mean POINTSMAN_PORT?',
    ]);
  });
});
