import type { RequestBody } from '../core/backend.ts';
import type { Capability } from '../core/candidate.ts';
import type { Caller } from '../core/query.ts';
import { readIncludeUsage, readMaxOutputTokens, readModel, readStream, type ChatRequest } from './openai-chat.ts';
import { readPrompts } from './prompts.ts';
import { readWishes, type RequestHeaders } from './wishes.ts';

/**
 * Reads `POST /v1/completions`. As with chat, only what the gateway relies on is checked; what it does not know passes
 * through. Throws `invalid_request` or `invalid_wish` with the field in `param`.
 */
export function readOpenAiCompletion(
  { parsed }: RequestBody,
  headers: RequestHeaders,
  id: string,
  caller: Caller,
): ChatRequest {
  const prompts = readPrompts('prompt', parsed['prompt']);
  const stream = readStream(parsed);
  const limit = readMaxOutputTokens(parsed);
  return {
    query: {
      id,
      caller,
      format: 'openai-completion',
      model: readModel(parsed),
      text: prompts.text,
      promptTokens: prompts.tokens,
      longestPromptTokens: prompts.longestTokens,
      // Each prompt gets the limit for itself, and so does each of its `n` answers.
      maxOutputTokens: limit,
      needs: needsOf(parsed),
      stream,
      wishes: readWishes(parsed['pointsman'], headers),
    },
    includeUsage: readIncludeUsage(parsed['stream_options']),
  };
}

/** `logprobs` is a number here: how many alternatives to tell. */
function needsOf({ n, best_of: bestOf, logprobs }: Readonly<Record<string, unknown>>): readonly Capability[] {
  const needs: Capability[] = [];
  if (typeof logprobs === 'number' || logprobs === true) needs.push('logprobs');
  if ((typeof n === 'number' && n > 1) || (typeof bestOf === 'number' && bestOf > 1)) needs.push('multiple_choices');
  return needs;
}
