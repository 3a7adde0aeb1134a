import type { BackendCall, BackendResult } from '../core/backend.ts';
import { readError, type ChunkError } from './chat-chunk.ts';
import { isRecord, parseJson } from './json.ts';
import { readCostUsd, readUsage } from './usage.ts';
import { wrongLength } from './vector-length.ts';

/** What a body that came in one piece turned out to be. */
export type WholeAnswer =
  | {
      readonly type: 'completion';
      readonly result: BackendResult;
      /** What the client gets. */
      readonly body: Buffer;
    }
  | { readonly type: 'error'; readonly error: ChunkError }
  | { readonly type: 'garbage'; readonly why: string };

type Json = Readonly<Record<string, unknown>>;

/** Chat and text completions. */
export function readWholeAnswer(body: Buffer): WholeAnswer {
  return readAnswer(body, 'JSON that is no chat completion', (parsed) => {
    const choices = parsed['choices'];
    if (!Array.isArray(choices) || choices.length === 0) return null;
    const first: unknown = choices[0];
    const reason = isRecord(first) ? first['finish_reason'] : null;
    return resultOf(parsed, typeof reason === 'string' ? reason : null);
  });
}

/** `POST /embeddings`: at least one vector, each as long as was promised. */
export function readEmbeddings(body: Buffer, call: BackendCall): WholeAnswer {
  let wrong: string | null = null;
  const whole = readAnswer(body, 'JSON that holds no embeddings', (parsed) => {
    const data = parsed['data'];
    if (!Array.isArray(data) || data.length === 0) return null;
    const vectors = data.map((row: unknown) => (isRecord(row) ? row['embedding'] : undefined));
    if (vectors.includes(undefined)) return null;
    wrong = wrongLength(vectors, call);
    return resultOf(parsed, 'stop');
  });
  return wrong === null ? whole : { type: 'garbage', why: wrong };
}

const resultOf = (parsed: Json, finishReason: string | null): BackendResult => ({
  usage: readUsage(parsed['usage']),
  costUsd: readCostUsd(parsed['usage']),
  finishReason,
});

/** `read` returns null for a body that is `otherwise`. */
export function readAnswer(body: Buffer, otherwise: string, read: (parsed: Json) => BackendResult | null): WholeAnswer {
  const parsed = parseJson(body.toString('utf8'));
  if (parsed === undefined) return { type: 'garbage', why: 'something that is not JSON' };
  const error = readError(parsed);
  if (error) return { type: 'error', error };
  const result = isRecord(parsed) ? read(parsed) : null;
  return result === null ? { type: 'garbage', why: otherwise } : { type: 'completion', result, body };
}
