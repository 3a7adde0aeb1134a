import { Agent, buildConnector, fetch, type RequestInit, type Response } from 'undici';
import { isMetadata, plainHost } from '../core/hosts.ts';
import { ForbiddenAddress, guardedLookup } from './guarded-lookup.ts';

const connect = buildConnector({ lookup: guardedLookup() });

/** Connects nowhere that hands out credentials of this machine: neither by name, nor by number, nor by a redirect. */
const dispatcher = new Agent({
  connect(options, callback) {
    const host = plainHost(options.hostname);
    if (isMetadata(host)) callback(new ForbiddenAddress(host, host), null);
    else connect(options, callback);
  },
});

/**
 * `fetch` for whatever is not a request's own call: probes, embedders, downloads, commands that ask a running gateway. The only
 * other way out of this process is `backends/pools.ts`, which connects by the same lookup; a test sees to it that no third one
 * comes about. Rejects as `fetch` does, with a `ForbiddenAddress` as its cause where the address is refused.
 */
export const guardedFetch = (url: string | URL, init: Omit<RequestInit, 'dispatcher'> = {}): Promise<Response> =>
  fetch(url, { ...init, dispatcher });

/** Whether a call was refused, however deep its cause lies. */
export function isForbidden(thrown: unknown): boolean {
  for (let cause = thrown; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof ForbiddenAddress) return true;
  }
  return false;
}
