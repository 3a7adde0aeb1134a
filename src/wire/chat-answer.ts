import { isRecord } from './record.ts';
import { textOf } from './human-ask.ts';

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON, if the model wrote it well. */
  readonly arguments: string;
}

/** The first choice of a chat completion, whole. */
export interface ChatAnswer {
  readonly text: string;
  /** What the model said in place of an answer, where the API has a field for that. */
  readonly refusal: string | null;
  readonly toolCalls: readonly ToolCall[];
  readonly finishReason: string | null;
}

/** Reads what a client received, streamed or not; null where it is no chat completion. Never throws. */
export function readChatAnswer(bytes: Buffer, streamed: boolean): ChatAnswer | null {
  const text = bytes.toString('utf8');
  if (streamed) return readStream(text);
  const choice = firstChoice(parse(text));
  if (choice === null || !isRecord(choice.message)) return null;
  const { content, refusal, tool_calls } = choice.message;
  const gathered = new Gathered();
  gathered.tools(tool_calls);
  return {
    text: textOf(content),
    refusal: typeof refusal === 'string' && refusal !== '' ? refusal : null,
    toolCalls: gathered.toolCalls(),
    finishReason: typeof choice.finish_reason === 'string' ? choice.finish_reason : null,
  };
}

function readStream(events: string): ChatAnswer | null {
  const gathered = new Gathered();
  let found = false;
  for (const line of events.split('\n')) {
    if (!line.startsWith('data:')) continue;
    const choice = firstChoice(parse(line.slice(5)));
    if (choice === null) continue;
    found = true;
    if (typeof choice.finish_reason === 'string') gathered.finishReason = choice.finish_reason;
    const { delta } = choice;
    if (!isRecord(delta)) continue;
    if (typeof delta.content === 'string') gathered.text += delta.content;
    if (typeof delta.refusal === 'string') gathered.refusal += delta.refusal;
    gathered.tools(delta.tool_calls);
  }
  if (!found) return null;
  const { text, refusal, finishReason } = gathered;
  return { text, refusal: refusal === '' ? null : refusal, toolCalls: gathered.toolCalls(), finishReason };
}

class Gathered {
  text = '';
  refusal = '';
  finishReason: string | null = null;
  readonly #tools = new Map<number, { id: string; name: string; arguments: string }>();

  /** Whole tool calls, or pieces of them: an id comes once, arguments in parts. */
  tools(list: unknown): void {
    if (!Array.isArray(list)) return;
    for (const [place, item] of list.entries()) {
      if (!isRecord(item)) continue;
      const index = typeof item.index === 'number' ? item.index : place;
      const call = this.#tools.get(index) ?? { id: '', name: '', arguments: '' };
      this.#tools.set(index, call);
      if (typeof item.id === 'string') call.id = item.id;
      if (!isRecord(item.function)) continue;
      if (typeof item.function.name === 'string') call.name += item.function.name;
      if (typeof item.function.arguments === 'string') call.arguments += item.function.arguments;
    }
  }

  toolCalls(): readonly ToolCall[] {
    return [...this.#tools.values()];
  }
}

function firstChoice(parsed: unknown): Readonly<Record<string, unknown>> | null {
  if (!isRecord(parsed) || !Array.isArray(parsed.choices)) return null;
  const choice: unknown = parsed.choices.find((each) => isRecord(each) && (each.index ?? 0) === 0);
  return isRecord(choice) ? choice : null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
