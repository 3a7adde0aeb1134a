import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Embedder } from '../core/embedder.ts';
import { messageOf, PointsmanError } from '../core/errors.ts';
import { isLocal, isMetadata } from '../core/hosts.ts';
import { guardedFetch, isForbidden } from '../network/guarded-fetch.ts';
import { createVectorCache, toUnit } from './vector-cache.ts';

export interface RemoteOptions {
  readonly base_url: string;
  readonly model: string;
  readonly dimensions: number;
  readonly api_key?: string;
  readonly local?: boolean;
  readonly timeout_ms: number;
  readonly max_pending: number;
  readonly max_characters: number;
  readonly cache_entries: number;
}

const Answer = Type.Object({
  data: Type.Array(Type.Object({ embedding: Type.Array(Type.Number()) }), { minItems: 1 }),
});

/**
 * Vectors of any OpenAI-compatible `/embeddings`. What it answers is brought to length 1 and kept by a hash of the text.
 * Rejects with `embedder_unavailable` where the server is too slow, too busy or answers something else: the route then
 * degrades. Hashed vectors are no stand-in: an estimator that learned from one embedder cannot read another's.
 */
export function createRemoteEmbedder(options: RemoteOptions): Embedder {
  const { base_url: baseUrl, model, dimensions, api_key: apiKey } = options;
  const place = URL.canParse(baseUrl) ? new URL(baseUrl) : null;
  if (place === null || !/^https?:$/.test(place.protocol) || place.username !== '' || place.password !== '') {
    throw new PointsmanError(
      'invalid_config',
      'embedder.base_url: it must be a URL like http://127.0.0.1:8000/v1, without user and password.',
      { param: 'embedder' },
    );
  }
  if (isMetadata(place.hostname)) {
    throw new PointsmanError(
      'invalid_config',
      `embedder.base_url: ${place.hostname} is a link-local or metadata address; it is never called.`,
      { param: 'embedder' },
    );
  }
  const url = `${baseUrl.replace(/\/+$/, '')}/embeddings`;
  const cache = createVectorCache(options.cache_entries);
  const closing = new AbortController();
  const failed = (why: string, cause?: unknown): PointsmanError =>
    new PointsmanError('embedder_unavailable', `The embedder at ${place.host} ${why}.`, { cause });
  let pending = 0;

  const ask = async (text: string): Promise<Float32Array> => {
    if (pending >= options.max_pending) throw failed(`has ${pending} texts waiting`);
    pending++;
    try {
      const signal = AbortSignal.any([AbortSignal.timeout(options.timeout_ms), closing.signal]);
      const response = await guardedFetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
        },
        body: JSON.stringify({ model, input: text, encoding_format: 'float' }),
        signal,
        redirect: 'error',
      });
      if (!response.ok) {
        await response.body?.cancel();
        throw failed(`answered ${response.status}`);
      }
      const answer: unknown = await response.json();
      const values = Value.Check(Answer, answer) ? answer.data[0]?.embedding : undefined;
      if (values === undefined) throw failed('answered something that is no list of embeddings');
      if (values.length !== dimensions) {
        throw failed(`gave ${values.length} numbers, embedder.dimensions says ${dimensions}`);
      }
      const vector = toUnit(values);
      if (vector === null) throw failed('gave a number that is not finite');
      return vector;
    } catch (cause) {
      if (cause instanceof PointsmanError) throw cause;
      const isLate = cause instanceof Error && cause.name === 'TimeoutError';
      if (isForbidden(cause)) throw failed('is at a link-local or metadata address, which is never called', cause);
      throw failed(isLate ? `did not answer within ${options.timeout_ms} ms` : `failed: ${messageOf(cause)}`, cause);
    } finally {
      pending--;
    }
  };

  return {
    id: `remote-v1-${place.host}-${model}-${dimensions}`,
    dimensions,
    local: options.local ?? isLocal(place.hostname),
    embed(text) {
      if (text.trim() === '') return new Float32Array(dimensions);
      const read = text.length <= options.max_characters ? text : text.slice(0, options.max_characters);
      return cache.get(read, () => ask(read));
    },
    close: async () => closing.abort(),
  };
}
