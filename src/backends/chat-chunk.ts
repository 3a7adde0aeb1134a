import type { Usage } from '../core/backend.ts';
import { isRecord } from './json.ts';
import { readCostUsd, readUsage } from './usage.ts';

/** What one event of a chat completion stream says that we need to know. */
export interface ChatChunk {
  /** A token, a tool call or an end: something the client waits for. Role-only and empty deltas are not. */
  readonly output: boolean;
  readonly usage: Usage | null;
  readonly costUsd: number | null;
  /** Nothing but usage: OpenAI's extra chunk, `choices: []`. */
  readonly usageOnly: boolean;
  /** finish_reason of choice 0; null where this chunk has none. */
  readonly finishReason: string | null;
  /** Choices that end in this chunk. */
  readonly finished: number;
}

/** `message` is the upstream's; `status` what it would have answered, where it says so. */
export interface ChunkError {
  readonly message: string;
  readonly status: number | null;
}

/**
 * Null where the payload is no error. Knows OpenAI's and OpenRouter's `error`, vLLM's `object: "error"`, Mistral's bare
 * `detail` and Groq's `x_groq.error`.
 */
export function readError(payload: unknown): ChunkError | null {
  if (!isRecord(payload)) return null;
  const error = payload['error'];
  if (error === undefined || error === null) {
    if (payload['object'] === 'error' || Array.isArray(payload['detail'])) return describe(payload);
    const groq = payload['x_groq'];
    return isRecord(groq) && typeof groq['error'] === 'string' ? { message: groq['error'], status: null } : null;
  }
  if (typeof error === 'string') return { message: error, status: null };
  return isRecord(error) ? describe(error) : { message: 'an error without a message', status: null };
}

function describe(error: Readonly<Record<string, unknown>>): ChunkError {
  const message = textOf(error['message']) ?? textOf(error);
  const code = error['status'] ?? error['code'];
  return {
    message: message ?? 'an error without a message',
    status: typeof code === 'number' && code >= 400 && code < 600 ? code : null,
  };
}

/** Mistral and others that check by pydantic tell a list of what is wrong: its first entry, with the place. */
function textOf(message: unknown): string | null {
  if (typeof message === 'string') return message;
  const details = isRecord(message) ? message['detail'] : message;
  const first: unknown = Array.isArray(details) ? details[0] : null;
  if (!isRecord(first) || typeof first['msg'] !== 'string') return null;
  const { loc } = first;
  return Array.isArray(loc) ? `${loc.join('.')}: ${first['msg']}` : first['msg'];
}

/** Null where the payload is no chunk of a chat completion. */
export function readChunk(payload: unknown): ChatChunk | null {
  if (!isRecord(payload)) return null;
  const choices = payload['choices'];
  if (!Array.isArray(choices)) return null;
  let output = false;
  let finished = 0;
  let finishReason: string | null = null;
  for (const choice of choices) {
    if (!isRecord(choice)) return null;
    const reason = choice['finish_reason'];
    if (typeof reason === 'string') {
      output = true;
      finished++;
      if ((choice['index'] ?? 0) === 0) finishReason = reason;
    }
    output ||= hasContent(choice['delta']) || !isEmpty(choice['text']);
  }
  // Groq tells it in a member of its own.
  const groq = payload['x_groq'];
  const usage = readUsage(payload['usage']) ?? (isRecord(groq) ? readUsage(groq['usage']) : null);
  return {
    output,
    usage,
    costUsd: readCostUsd(payload['usage']),
    usageOnly: choices.length === 0 && usage !== null,
    finishReason,
    finished,
  };
}

/** Any member but `role` counts, so that fields nobody has thought of yet (reasoning, audio ...) do too. */
function hasContent(delta: unknown): boolean {
  if (!isRecord(delta)) return false;
  for (const key in delta) if (key !== 'role' && !isEmpty(delta[key])) return true;
  return false;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return isRecord(value) && Object.keys(value).length === 0;
}
