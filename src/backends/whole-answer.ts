import type { BackendResult } from '../core/backend.ts';
import { readError, type ChunkError } from './chat-chunk.ts';
import { isRecord, parseJson } from './json.ts';
import { readCostUsd, readUsage } from './usage.ts';

/** What a body that came in one piece turned out to be. */
export type WholeAnswer =
  | { readonly type: 'completion'; readonly result: BackendResult }
  | { readonly type: 'error'; readonly error: ChunkError }
  | { readonly type: 'garbage'; readonly why: string };

export function readWholeAnswer(body: Buffer): WholeAnswer {
  const parsed = parseJson(body.toString('utf8'));
  if (parsed === undefined) return { type: 'garbage', why: 'something that is not JSON' };
  const error = readError(parsed);
  if (error) return { type: 'error', error };
  if (!isRecord(parsed) || !Array.isArray(parsed['choices']) || parsed['choices'].length === 0) {
    return { type: 'garbage', why: 'JSON that is no chat completion' };
  }
  const first: unknown = parsed['choices'][0];
  const reason = isRecord(first) ? first['finish_reason'] : null;
  return {
    type: 'completion',
    result: {
      usage: readUsage(parsed['usage']),
      costUsd: readCostUsd(parsed['usage']),
      finishReason: typeof reason === 'string' ? reason : null,
    },
  };
}
