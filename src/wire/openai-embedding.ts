import type { RequestBody } from '../core/backend.ts';
import type { Caller } from '../core/query.ts';
import { wrong } from './messages.ts';
import { readModel, type ChatRequest } from './openai-chat.ts';
import { readPrompts } from './prompts.ts';
import { readWishes, type RequestHeaders } from './wishes.ts';

/**
 * Reads `POST /v1/embeddings`. Nothing is generated, so the answer takes no tokens; `dimensions` and `encoding_format`
 * are the upstream's to judge. Throws `invalid_request` or `invalid_wish` with the field in `param`.
 */
export function readOpenAiEmbedding(
  { parsed }: RequestBody,
  headers: RequestHeaders,
  id: string,
  caller: Caller,
): ChatRequest {
  const prompts = readPrompts('input', parsed['input']);
  if (parsed['stream'] === true) throw wrong('stream', 'absent or false: embeddings come in one piece', true);
  return {
    query: {
      id,
      caller,
      format: 'openai-embedding',
      model: readModel(parsed),
      text: prompts.text,
      promptTokens: prompts.tokens,
      longestPromptTokens: prompts.longestTokens,
      maxOutputTokens: 0,
      needs: [],
      stream: false,
      wishes: readWishes(parsed['pointsman'], headers),
    },
    includeUsage: false,
  };
}
