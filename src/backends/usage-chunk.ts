import { isRecord } from './json.ts';

/** What OpenAI's usage chunk is made of where the upstream sends none. */
export type UsageChunk = Readonly<Record<string, unknown>>;

/** Of a chunk that told usage beside other things. */
export function readUsageChunk(chunk: unknown): UsageChunk | null {
  if (!isRecord(chunk)) return null;
  const { id, object, created, model, usage, x_groq: groq } = chunk;
  return { id, object, created, model, choices: [], usage: usage ?? (isRecord(groq) ? groq['usage'] : null) };
}

/** The last event before `[DONE]`, as `stream_options.include_usage` promises it. */
export const usageEvent = (chunk: UsageChunk): Buffer => Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`);
