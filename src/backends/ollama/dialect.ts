import type { BackendAnswer, BackendCall } from '../../core/backend.ts';
import { eventStream, oneJson, type Dialect } from '../dialect.ts';
import { wrongLength } from '../vector-length.ts';
import { readAnswer, type WholeAnswer } from '../whole-answer.ts';
import { cutPrompt, finishReasonOf, readPiece, usageJson, usageOf } from './answer.ts';
import { NdjsonTap, type Frame } from './ndjson-tap.ts';
import type { OllamaSettings } from './options.ts';
import type { OllamaRequest } from './request.ts';

/** How the answer to one request is read. `createdAt`: seconds since the epoch; `model`: the upstream's name for it. */
export function ollamaDialect(
  request: OllamaRequest,
  settings: OllamaSettings,
  model: string,
  createdAt: number,
): Dialect {
  const headOf = (call: BackendCall, object: string): Frame['head'] => ({
    id: `chatcmpl-${call.requestId}`,
    object,
    created: createdAt,
    model,
  });
  return {
    streamType: 'application/x-ndjson',
    streamAnswer: withDropped(eventStream, request.dropped),
    wholeAnswer: withDropped(oneJson, request.dropped),
    openTap(call, emit) {
      const { images } = request;
      const { leastPromptShare } = settings;
      return new NdjsonTap(call, { head: headOf(call, 'chat.completion.chunk'), images, leastPromptShare }, emit);
    },
    readWhole: (body, call) =>
      call.format === 'openai-embedding'
        ? readEmbed(body, call, model)
        : readChat(body, call, headOf(call, 'chat.completion'), request.images, settings),
  };
}

const withDropped = (answer: BackendAnswer, dropped: readonly string[]): BackendAnswer =>
  dropped.length === 0
    ? answer
    : { ...answer, headers: { ...answer.headers, 'x-pointsman-dropped': dropped.join(', ') } };

function readChat(
  body: Buffer,
  call: BackendCall,
  head: Frame['head'],
  images: number,
  settings: OllamaSettings,
): WholeAnswer {
  let answer = body;
  let cut: string | null = null;
  const whole = readAnswer(body, 'JSON that is no chat', (parsed) => {
    const piece = readPiece(parsed, call.requestId, 0);
    if (piece === null || !piece.done) return null;
    cut = cutPrompt(call, piece, images, settings.leastPromptShare);
    const usage = usageOf(piece);
    const finishReason = finishReasonOf(piece.reason, piece.toolCalls.length);
    const message = {
      role: 'assistant',
      content: piece.content === '' && piece.toolCalls.length > 0 ? null : piece.content,
      refusal: null,
      ...(piece.thinking === '' ? {} : { reasoning_content: piece.thinking }),
      ...(piece.toolCalls.length === 0
        ? {}
        : { tool_calls: piece.toolCalls.map((call) => ({ ...call, index: undefined })) }),
    };
    const choices = [{ index: 0, message, logprobs: null, finish_reason: finishReason }];
    const told = usage === null ? {} : { usage: usageJson(usage) };
    answer = Buffer.from(JSON.stringify({ ...head, choices, ...told }));
    return { usage, costUsd: null, finishReason };
  });
  if (cut !== null) return { type: 'garbage', why: cut };
  return whole.type === 'completion' ? { ...whole, body: answer } : whole;
}

function readEmbed(body: Buffer, call: BackendCall, model: string): WholeAnswer {
  let answer = body;
  let wrong: string | null = null;
  const base64 = call.body.parsed['encoding_format'] === 'base64';
  const whole = readAnswer(body, 'JSON that holds no embeddings', (parsed) => {
    const { embeddings, prompt_eval_count: count } = parsed;
    if (!Array.isArray(embeddings) || embeddings.length === 0 || !embeddings.every(Array.isArray)) return null;
    wrong = wrongLength(embeddings, call);
    const data = embeddings.map((vector: readonly unknown[], index) => ({
      object: 'embedding',
      index,
      embedding: base64 ? Buffer.from(Float32Array.from(vector, Number).buffer).toString('base64') : vector,
    }));
    const tokens = typeof count === 'number' ? count : null;
    const usage = tokens === null ? null : { inputTokens: tokens, cachedTokens: 0, outputTokens: 0 };
    // OpenAI's clients read the member without asking for it.
    const told = { prompt_tokens: tokens ?? 0, total_tokens: tokens ?? 0 };
    answer = Buffer.from(JSON.stringify({ object: 'list', data, model, usage: told }));
    return { usage, costUsd: null, finishReason: 'stop' };
  });
  if (wrong !== null) return { type: 'garbage', why: wrong };
  return whole.type === 'completion' ? { ...whole, body: answer } : whole;
}
