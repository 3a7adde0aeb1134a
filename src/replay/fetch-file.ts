import { createHash } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { checkParentFolder } from '../artefacts/parent-folder.ts';
import { messageOf, PointsmanError } from '../core/errors.ts';
import { guardedFetch, isForbidden } from '../network/guarded-fetch.ts';
import type { OnProgress } from './progress.ts';

export interface FetchOptions {
  /** http or https. */
  readonly url: string;
  readonly out: string;
  /** Hex; the file is refused where its sum is another. */
  readonly sha256?: string | undefined;
  readonly force?: boolean | undefined;
  /** How often a broken connection is taken up again. */
  readonly retries?: number | undefined;
}

export interface Fetched {
  readonly bytes: number;
  readonly sha256: string;
  /** Bytes that were there from an earlier try. */
  readonly resumedAt: number;
}

/**
 * Downloads one file. What has come lies in `<out>.part`, where the next call goes on with an HTTP range (unless the
 * file has changed since, by its entity tag or date); `out`
 * appears when all is there and its sum is right. Rejects with `invalid_request` for a bad call or a wrong sum, `upstream_failed` where the server or the line fails.
 */
export async function fetchFile(options: FetchOptions, onProgress: OnProgress): Promise<Fetched> {
  const { url, out, retries = 3 } = options;
  if (!/^https?:\/\//.test(url))
    throw new PointsmanError('invalid_request', `--url is "${url}"; expected http or https.`);
  const wanted = options.sha256?.toLowerCase();
  if (wanted !== undefined && !/^[0-9a-f]{64}$/.test(wanted)) {
    throw new PointsmanError('invalid_request', `--sha256 is "${options.sha256}"; expected 64 hexadecimal digits.`);
  }
  if (existsSync(out) && options.force !== true) {
    throw new PointsmanError('invalid_request', `${out} is there already; --force replaces it.`);
  }
  checkParentFolder(out);
  const part = `${out}.part`;
  const resumedAt = sizeOf(part);
  for (let attempt = 0; ; attempt++) {
    try {
      await download(url, part, onProgress);
      break;
    } catch (cause) {
      if (isForbidden(cause)) {
        throw new PointsmanError('invalid_request', `${url}: a link-local or metadata address is never called.`, {
          cause,
        });
      }
      const isFinal = cause instanceof PointsmanError;
      if (!isFinal && attempt < retries) continue;
      if (isFinal) throw cause;
      throw new PointsmanError(
        'upstream_failed',
        `${url}: ${whyOf(cause)}. ${sizeOf(part)} bytes are kept; the same call goes on from there.`,
        { cause },
      );
    }
  }
  const sha256 = await sumOf(part);
  if (wanted !== undefined && sha256 !== wanted) {
    await rm(part, { force: true });
    await rm(versionFile(part), { force: true });
    throw new PointsmanError('invalid_request', `${url}: its SHA-256 is ${sha256}, not ${wanted}; nothing was kept.`);
  }
  await rename(part, out);
  await rm(versionFile(part), { force: true });
  return { bytes: sizeOf(out), sha256, resumedAt };
}

const versionFile = (part: string): string => `${part}.version`;

/** Which version of the file the bytes in `part` are of, so that a later try does not add those of another. */
function versionOf(part: string): string | null {
  const path = versionFile(part);
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

/** What RFC 9110 takes in `if-range`: a strong entity tag, else a date. */
function keepVersion(part: string, { headers }: Awaited<ReturnType<typeof guardedFetch>>): void {
  const tag = headers.get('etag');
  const version = tag === null || tag.startsWith('W/') ? headers.get('last-modified') : tag;
  if (version === null) rmSync(versionFile(part), { force: true });
  else writeFileSync(versionFile(part), version);
}

/** `fetch` says only that it failed; why is in its cause. */
function whyOf(thrown: unknown): string {
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause.message : '';
  return cause === '' ? messageOf(thrown) : `${messageOf(thrown)} (${cause})`;
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

async function download(url: string, part: string, onProgress: OnProgress): Promise<void> {
  const have = sizeOf(part);
  const version = have > 0 ? versionOf(part) : null;
  const response = await guardedFetch(url, {
    headers: {
      'accept-encoding': 'identity',
      ...(have > 0 ? { range: `bytes=${have}-` } : {}),
      ...(version === null ? {} : { 'if-range': version }),
    },
  });
  // All was there already.
  if (response.status === 416 && totalOf(response) === have) return;
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    if (response.status >= 500) throw new Error(`the server answers ${response.status}`);
    if (response.status === 416) await rm(part, { force: true });
    throw new PointsmanError('upstream_failed', `${url}: the server answers ${response.status}.`);
  }
  // A server that knows no ranges sends everything again.
  const start = response.status === 206 ? have : 0;
  if (start === 0) keepVersion(part, response);
  const rest = Number(response.headers.get('content-length') ?? Number.NaN);
  const total = Number.isFinite(rest) ? start + rest : 0;
  let done = start;
  /** Thrown behind the pipeline: inside, it would take with it what came and is not on the disk yet. */
  let broken: { readonly cause: unknown } | null = null;
  const counted = async function* (body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of body) {
        done += chunk.length;
        onProgress({ stage: 'read', what: url, done, total });
        yield chunk;
      }
    } catch (cause) {
      broken = { cause };
    }
  };
  await pipeline(counted(response.body), createWriteStream(part, { flags: start > 0 ? 'a' : 'w' }));
  rethrow(broken);
  if (total > 0 && done !== total) throw new Error(`the connection ended after ${done} of ${total} bytes`);
}

function rethrow(broken: { readonly cause: unknown } | null): void {
  if (broken !== null) throw broken.cause;
}

/** Of `content-range: bytes * /123`. */
function totalOf(response: Awaited<ReturnType<typeof guardedFetch>>): number {
  return Number(/\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1] ?? Number.NaN);
}

async function sumOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}
