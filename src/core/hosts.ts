import { isIP } from 'node:net';

/** Host of a URL or of `listen.host`, without brackets and a final dot, in lower case. */
export function plainHost(host: string): string {
  return host
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
}

/** True where only this machine can be meant. */
export function isLoopback(host: string): boolean {
  const plain = plainHost(host);
  const four = ipv4(plain);
  if (four !== null) return four[0] === 127;
  return plain === 'localhost' || plain.endsWith('.localhost') || hex(plain) === '0:0:0:0:0:0:0:1';
}

/**
 * True for addresses and names that only exist on the operator's own network: loopback, RFC 1918, RFC 4193, `*.local`
 * (RFC 6762), `*.internal`, `*.lan`, names of one label. `0.0.0.0` as a place to call means this machine.
 */
export function isLocal(host: string): boolean {
  const plain = plainHost(host);
  if (isLoopback(plain) || plain === '0.0.0.0' || hex(plain) === '0:0:0:0:0:0:0:0') return true;
  const four = ipv4(plain);
  if (four !== null) {
    const [a, b] = four;
    return a === 10 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168);
  }
  const six = groups(plain);
  if (six !== null) return ((six[0] ?? 0) & 0xfe00) === 0xfc00;
  return plain.endsWith('.local') || plain.endsWith('.internal') || plain.endsWith('.lan') || !plain.includes('.');
}

const metadataNames = new Set([
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'instance-data',
  'instance-data.ec2.internal',
  'metadata.azure.internal',
]);

/** True for link-local addresses and the clouds' metadata services, which hand out credentials to whoever asks. */
export function isMetadata(host: string): boolean {
  const plain = plainHost(host);
  if (metadataNames.has(plain)) return true;
  const four = ipv4(plain);
  if (four !== null) {
    const [a, b, c, d] = four;
    return (a === 169 && b === 254) || (a === 100 && b === 100 && c === 100 && d === 200);
  }
  const six = groups(plain);
  if (six === null) return false;
  const linkLocal = ((six[0] ?? 0) & 0xffc0) === 0xfe80;
  return linkLocal || hex(plain) === 'fd00:ec2:0:0:0:0:0:254';
}

type Four = readonly [number, number, number, number];

/** Also out of an IPv4-mapped IPv6 address (`::ffff:a9fe:a9fe`). */
function ipv4(host: string): Four | null {
  if (isIP(host) === 4) {
    const [a = 0, b = 0, c = 0, d = 0] = host.split('.').map(Number);
    return [a, b, c, d];
  }
  const six = numbers(host);
  if (six === null || six.slice(0, 5).some((group) => group !== 0) || six[5] !== 0xffff) return null;
  const [high = 0, low = 0] = six.slice(6);
  return [high >> 8, high & 0xff, low >> 8, low & 0xff];
}

/** The eight groups of an IPv6 address; null for anything else. */
function numbers(host: string): readonly number[] | null {
  if (isIP(host) !== 6) return null;
  // The URL parser is the one normaliser of every spelling: `::ffff:1.2.3.4`, upper case, leading zeros.
  const [head = '', tail] = new URL(`http://[${host.replace(/%.*$/, '')}]`).hostname.slice(1, -1).split('::');
  const read = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const left = read(head);
  if (tail === undefined) return left;
  const right = read(tail);
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right];
}

/** As `numbers`, and null where the address is an IPv4 one in disguise. */
function groups(host: string): readonly number[] | null {
  return ipv4(host) === null ? numbers(host) : null;
}

function hex(host: string): string | null {
  return (
    groups(host)
      ?.map((group) => group.toString(16))
      .join(':') ?? null
  );
}
