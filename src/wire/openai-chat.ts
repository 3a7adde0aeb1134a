import type { RequestBody } from '../core/backend.ts';
import type { Caller, Query } from '../core/query.ts';
import { humanAsk } from './human-ask.ts';
import { readMessages, wrong } from './messages.ts';
import { needsOf } from './needs.ts';
import { tokensPerPrompt } from './prompt-tokens.ts';
import { isRecord } from './record.ts';
import { readWishes, type RequestHeaders } from './wishes.ts';

/** An OpenAI chat completion request as the gateway understands it. */
export interface ChatRequest {
  readonly query: Query;
  /** The client itself asked for the usage chunk of a stream. */
  readonly includeUsage: boolean;
}

/**
 * Reads `POST /v1/chat/completions`. Checks only what the gateway itself relies on: what it does not know passes
 * through untouched, for the upstream to judge. Throws `invalid_request` or `invalid_wish` with the field in `param`.
 */
export function readOpenAiChat(body: RequestBody, headers: RequestHeaders, id: string, caller: Caller): ChatRequest {
  const { parsed, raw } = body;
  const { messages } = parsed;
  const model = readModel(parsed);
  if (!Array.isArray(messages) || messages.length === 0) throw wrong('messages', 'a non-empty array', messages);
  const stream = readStream(parsed);
  const tally = readMessages(messages);
  const needs = needsOf(parsed, tally);
  let tokens = tally.tokens + tokensPerPrompt;
  // Tools, schemas and tool calls are JSON to the model too: whatever of the body is neither text nor media is theirs.
  if (tally.toolCalls || needs.includes('tools') || needs.includes('json_schema')) {
    tokens += Math.max(0, raw.length - tally.countedBytes) / 4;
  }
  return {
    query: {
      id,
      caller,
      format: 'openai-chat',
      model,
      text: humanAsk(messages),
      promptTokens: Math.ceil(tokens),
      maxOutputTokens: readMaxOutputTokens(parsed),
      needs,
      stream,
      wishes: readWishes(parsed.pointsman, headers),
    },
    includeUsage: readIncludeUsage(parsed.stream_options),
  };
}

/** What is asked for: a model, route or alias. */
export function readModel({ model }: Readonly<Record<string, unknown>>): string {
  if (typeof model === 'string' && model !== '') return model;
  throw wrong('model', 'a non-empty string', model);
}

export function readStream({ stream }: Readonly<Record<string, unknown>>): boolean {
  if (stream === undefined || stream === null) return false;
  if (typeof stream === 'boolean') return stream;
  throw wrong('stream', 'true or false', stream);
}

/** `max_completion_tokens` over the older `max_tokens`; -1 is what llama.cpp and LM Studio call "no limit". */
export function readMaxOutputTokens(parsed: Readonly<Record<string, unknown>>): number | null {
  const newer = parsed.max_completion_tokens ?? null;
  const value = newer ?? parsed.max_tokens ?? null;
  if (value === null || value === -1) return null;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1) return value;
  throw wrong(newer === null ? 'max_tokens' : 'max_completion_tokens', 'a whole number of at least 1', value);
}

export function readIncludeUsage(options: unknown): boolean {
  if (options === undefined || options === null) return false;
  if (!isRecord(options)) throw wrong('stream_options', 'an object', options);
  const include = options.include_usage ?? false;
  if (typeof include !== 'boolean') throw wrong('stream_options.include_usage', 'true or false', include);
  return include;
}
