import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { guardedLookup, type Resolve } from '../../src/network/guarded-lookup.ts';
import { Pools } from '../../src/backends/pools.ts';

const server = createServer((_, response) => response.end('here'));
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;
const open: Pools[] = [];
afterEach(() => Promise.all(open.splice(0).map((pools) => pools.close())));

const resolving =
  (...addresses: readonly string[]): Resolve =>
  (_name, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );

async function get(resolve: Resolve): Promise<string> {
  const pools = new Pools(guardedLookup(resolve));
  open.push(pools);
  const { body } = await pools.of(`http://models.example:${port}`, 1_000).request({ path: '/', method: 'GET' });
  return body.text();
}

test.each([
  [['169.254.169.254'], '169.254.169.254'],
  [['169.254.1.2'], '169.254.1.2'],
  [['fe80::1'], 'fe80::1'],
  [['::ffff:169.254.169.254'], '::ffff:169.254.169.254'],
  [['fd00:ec2::254'], 'fd00:ec2::254'],
  // A name that means two things is not trusted with the good one.
  [['127.0.0.1', '169.254.169.254'], '169.254.169.254'],
])('a name that resolves to %j is not connected to', async (addresses, named) => {
  await expect(get(resolving(...addresses))).rejects.toThrow(`models.example resolves to ${named}, a link-local`);
});

test('any other name is, and what the resolver itself says is passed on', async () => {
  expect(await get(resolving('127.0.0.1'))).toBe('here');
  await expect(get((_name, _options, callback) => callback(new Error('no such name'), []))).rejects.toThrow('no such');
});
