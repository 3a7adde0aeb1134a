import type { BackendCall, Usage } from '../../core/backend.ts';
import { isRecord } from '../json.ts';

type Json = Readonly<Record<string, unknown>>;

/** One object of Ollama's `/api/chat`, whole or a piece of a stream. */
export interface OllamaPiece {
  readonly content: string;
  readonly thinking: string;
  /** In OpenAI's shape, numbered from `firstCall`. */
  readonly toolCalls: readonly Json[];
  readonly done: boolean;
  /** Ollama's `done_reason`. */
  readonly reason: string | null;
  /** Null where it was not told, as when the whole prompt came from Ollama's cache. */
  readonly promptTokens: number | null;
  readonly outputTokens: number | null;
}

/** Null where it is no piece of a chat. */
export function readPiece(value: unknown, requestId: string, firstCall: number): OllamaPiece | null {
  if (!isRecord(value)) return null;
  const { message, done } = value;
  if (!isRecord(message) && done !== true) return null;
  const said = isRecord(message) ? message : {};
  const calls = Array.isArray(said['tool_calls']) ? said['tool_calls'].filter(isRecord) : [];
  const reason = value['done_reason'];
  return {
    content: textOf(said['content']),
    thinking: textOf(said['thinking']),
    toolCalls: calls.map((call, i) => toolCall(call, requestId, firstCall + i)),
    done: done === true,
    reason: typeof reason === 'string' ? reason : null,
    promptTokens: countOf(value['prompt_eval_count']),
    outputTokens: countOf(value['eval_count']),
  };
}

/** Unknown is never zero: without both counts there is no usage. */
export function usageOf({ promptTokens, outputTokens }: OllamaPiece): Usage | null {
  if (promptTokens === null || outputTokens === null) return null;
  return { inputTokens: promptTokens, cachedTokens: 0, outputTokens };
}

export const usageJson = ({ inputTokens, outputTokens }: Usage): Json => ({
  prompt_tokens: inputTokens,
  completion_tokens: outputTokens,
  total_tokens: inputTokens + outputTokens,
});

/** Ollama ends with `stop` after tool calls too; `load` and `unload` are no answers and end as nothing known. */
export function finishReasonOf(reason: string | null, calls: number): string {
  if (reason === 'length') return 'length';
  return calls > 0 ? 'tool_calls' : 'stop';
}

/** Tokens that a picture is estimated at where there is no telling: they are left out of the comparison. */
const tokensPerImage = 765;
/** Below this many tokens an estimate says nothing. */
const leastTokens = 256;

/**
 * Why the upstream cannot have read the whole prompt; null where it may well have. Its count is of the whole prompt as
 * its template writes it, so one far below our own estimate is a prompt that was cut to the context without a word.
 */
export function cutPrompt(call: BackendCall, piece: OllamaPiece, images: number, leastShare: number): string | null {
  const expected = call.promptTokens - images * tokensPerImage;
  const counted = piece.promptTokens;
  if (counted === null || expected < leastTokens || counted >= expected * leastShare) return null;
  return (
    `an answer to ${counted} tokens of a prompt of about ${expected}: it cut the prompt in silence; ` +
    'see num_ctx, and the context that the model itself was made for'
  );
}

function toolCall(call: Json, requestId: string, index: number): Json {
  const { id } = call;
  const told = isRecord(call['function']) ? call['function'] : {};
  const args = told['arguments'];
  return {
    index,
    id: typeof id === 'string' && id !== '' ? id : `call_${requestId}_${index}`,
    type: 'function',
    function: { name: told['name'], arguments: typeof args === 'string' ? args : JSON.stringify(args ?? {}) },
  };
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const countOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
