import { jsonIn } from '../math/json-schema.ts';
import type { ChatAnswer } from '../wire/chat-answer.ts';
import { textOf } from '../wire/human-ask.ts';
import { isRecord } from '../wire/record.ts';

/** What the client's tool said to one call. */
export interface ToolResult {
  readonly callId: string;
  readonly failed: boolean;
}

/** Results at the end of a conversation: those since the model last spoke. */
export function toolResults(messages: unknown): readonly ToolResult[] {
  if (!Array.isArray(messages)) return [];
  const results: ToolResult[] = [];
  for (let i = messages.length - 1; i >= 0; i--) {
    const message: unknown = messages[i];
    if (!isRecord(message) || message.role !== 'tool') break;
    if (typeof message.tool_call_id !== 'string') continue;
    results.push({ callId: message.tool_call_id, failed: saysError(textOf(message.content)) });
  }
  return results;
}

const errorStart = /^\s*(error|exception|traceback|fatal|failed|invalid (arguments?|parameters?|input))\b/i;

/** A tool that fails says so first, or returns an object with a filled `error`, `is_error: true` or `success: false`. */
function saysError(text: string): boolean {
  if (errorStart.test(text)) return true;
  if (!text.trimStart().startsWith('{') || text.length > 100_000) return false;
  const value = jsonIn(text);
  if (!isRecord(value)) return false;
  const { error } = value;
  return (
    (error !== undefined && error !== null && error !== false && error !== '') ||
    value.is_error === true ||
    value.success === false
  );
}

/** Calls that no tool can take: arguments that are no JSON object, or a name that the request did not offer. */
export function malformedCalls(body: Readonly<Record<string, unknown>>, { toolCalls }: ChatAnswer): boolean {
  const offered = new Set<unknown>();
  const tools = body['tools'];
  if (Array.isArray(tools)) {
    for (const tool of tools) if (isRecord(tool) && isRecord(tool.function)) offered.add(tool.function.name);
  }
  return toolCalls.some(
    ({ name, arguments: given }) =>
      (offered.size > 0 && !offered.has(name)) || !(given === '' || isRecord(jsonIn(given))),
  );
}
