import type { onRequestHookHandler } from 'fastify';
import { PointsmanError } from '../core/errors.ts';

/**
 * Refuses what did not mean to speak to this machine. Without keys, anyone who reaches the port may spend; listening on
 * loopback keeps other machines out, but not a web page in a browser on this one, which may have its own name resolve
 * to 127.0.0.1 (DNS rebinding) or simply post here. Both betray themselves in `Host` and `Origin`.
 */
export function loopbackOnly(): onRequestHookHandler {
  let lastGood: string | undefined;
  return (request, _reply, done) => {
    const { host, origin } = request.headers;
    if (host === undefined || host !== lastGood) {
      if (host === undefined || !isLoopback(hostnameOf(host))) throw forbidden('Host', host);
      lastGood = host;
    }
    if (origin !== undefined && !isLoopbackOrigin(origin)) throw forbidden('Origin', origin);
    done();
  };
}

/** HTTP/1.1 demands a Host; elsewhere any will do. */
export function needHost(): onRequestHookHandler {
  return (request, _reply, done) => {
    if (request.headers.host === undefined && request.raw.httpVersionMinor !== 0) {
      throw new PointsmanError('invalid_request', 'The Host header is missing.', { param: 'host' });
    }
    done();
  };
}

function forbidden(header: 'Host' | 'Origin', value: string | undefined): PointsmanError {
  const shown = value === undefined ? 'missing' : `"${value.slice(0, 100)}"`;
  return new PointsmanError(
    'origin_forbidden',
    `The ${header} header is ${shown}. Without keys only requests from this machine are served: configure keys to serve others.`,
    { param: header.toLowerCase() },
  );
}

/** `http://localhost:5173`; an opaque origin (`null`) is foreign. */
function isLoopbackOrigin(origin: string): boolean {
  const scheme = origin.startsWith('https://') ? 8 : origin.startsWith('http://') ? 7 : -1;
  return scheme !== -1 && isLoopback(hostnameOf(origin.slice(scheme)));
}

/** The host without its port, lower-case; null where it is not `host` or `host:port`. */
function hostnameOf(host: string): string | null {
  const end = host.startsWith('[') ? host.indexOf(']') + 1 : host.indexOf(':');
  if (host.startsWith('[') && end === 0) return null;
  const name = end === -1 ? host : host.slice(0, end);
  const port = end === -1 ? '' : host.slice(end);
  return port === '' || isPort(port) ? name.toLowerCase() : null;
}

function isPort(text: string): boolean {
  return text.startsWith(':') && text.length > 1 && isDigits(text.slice(1));
}

/** Names that no resolver may point elsewhere (RFC 6761), 127.0.0.0/8 and ::1. */
function isLoopback(name: string | null): boolean {
  if (name === null) return false;
  if (name === 'localhost' || name.endsWith('.localhost') || name === '[::1]') return true;
  const parts = name.split('.');
  return parts.length === 4 && parts[0] === '127' && parts.every((part) => isDigits(part) && Number(part) <= 255);
}

const isDigits = (text: string): boolean => {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 0x30 || text.charCodeAt(i) > 0x39) return false;
  return text !== '';
};
