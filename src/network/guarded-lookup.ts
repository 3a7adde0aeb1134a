import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isMetadata } from '../core/hosts.ts';

/** Every address of a name. */
export type Resolve = (
  hostname: string,
  options: { readonly all: true; readonly family?: number | undefined; readonly hints?: number | undefined },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * The configuration refuses targets at link-local and metadata addresses; this refuses names that come to mean one
 * later, at each connection: what answers there hands out credentials of this machine. One such address among several
 * condemns the name. Each connection begins with another address of its name: resolvers mostly tell them in one order,
 * and the first would get all the work.
 */
export function guardedLookup(resolve: Resolve = systemLookup): LookupFunction {
  let turn = 0;
  return (hostname, options, callback) => {
    const family = typeof options.family === 'number' ? options.family : undefined;
    resolve(hostname, { all: true, family, hints: options.hints }, (error, addresses) => {
      const forbidden = error === null ? addresses.find(({ address }) => isMetadata(address)) : undefined;
      if (error !== null) return callback(error, []);
      if (forbidden !== undefined) return callback(new ForbiddenAddress(hostname, forbidden.address), []);
      const turned = inTurn(addresses, turn++);
      const [first] = turned;
      if (options.all === true) callback(null, turned);
      else callback(null, first?.address ?? '', first?.family);
    });
  };
}

/** Thrown instead of connecting. */
export class ForbiddenAddress extends Error {
  override readonly name = 'ForbiddenAddress';

  constructor(host: string, address: string) {
    const what = host === address ? `${host} is` : `${host} resolves to ${address},`;
    super(`${what} a link-local or metadata address, which is never connected to`);
  }
}

/** Turned among the family that the resolver put first; the other one stays behind it, as the way out. */
function inTurn(addresses: LookupAddress[], turn: number): LookupAddress[] {
  const leading = addresses.filter(({ family }) => family === addresses[0]?.family);
  if (leading.length < 2) return addresses;
  const start = turn % leading.length;
  const others = addresses.filter(({ family }) => family !== addresses[0]?.family);
  return [...leading.slice(start), ...leading.slice(0, start), ...others];
}
