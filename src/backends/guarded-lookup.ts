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
 * condemns the name.
 */
export function guardedLookup(resolve: Resolve = systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    const family = typeof options.family === 'number' ? options.family : undefined;
    resolve(hostname, { all: true, family, hints: options.hints }, (error, addresses) => {
      const [first] = addresses ?? [];
      const forbidden = error === null ? addresses.find(({ address }) => isMetadata(address)) : undefined;
      if (error !== null) callback(error, []);
      else if (forbidden !== undefined) {
        const why = `${hostname} resolves to ${forbidden.address}, a link-local or metadata address`;
        callback(new Error(why), []);
      } else if (options.all === true) callback(null, addresses);
      else callback(null, first?.address ?? '', first?.family);
    });
  };
}
