import type { Target } from '../core/candidate.ts';
import { isRecord } from './json.ts';
import { afterSpace, afterString, afterValue } from './splice.ts';

type Json = Readonly<Record<string, unknown>>;

type ReasoningField = 'reasoning' | 'reasoning_content' | 'none';

/** What a server that otherwise speaks OpenAI's wire has to be told in another way. */
export interface Accent {
  /** It refuses `stream_options`, so the client's own is taken out too. */
  readonly refusesStreamOptions: boolean;
  /** The only name under which it knows the limit of an answer; null: both. */
  readonly maxTokensField: 'max_tokens' | 'max_completion_tokens' | null;
  /** The only name under which it takes an assistant's earlier thoughts; `none`: it refuses them; null: whichever. */
  readonly reasoningField: ReasoningField | null;
  /** It refuses a turn with tool calls that tells no thoughts: an empty one is put there. */
  readonly reasoningWithTools: boolean;
}

/** Null where the target has none. */
export function accentOf({ options }: Target): Accent | null {
  const limit = options['max_tokens_field'];
  const reasoning = options['reasoning_field'];
  const accent: Accent = {
    refusesStreamOptions: options['stream_usage'] === false,
    maxTokensField: limit === 'max_tokens' || limit === 'max_completion_tokens' ? limit : null,
    reasoningField:
      reasoning === 'reasoning' || reasoning === 'reasoning_content' || reasoning === 'none' ? reasoning : null,
    reasoningWithTools: options['reasoning_with_tools'] === true,
  };
  const { refusesStreamOptions, maxTokensField, reasoningField } = accent;
  return refusesStreamOptions || maxTokensField !== null || reasoningField !== null ? accent : null;
}

/**
 * `body` as this server takes it, and untouched where it already does. Members that need no change keep their bytes.
 * `body` must be a valid JSON object; `parsed` is what the client's own body said.
 */
export function withAccent(body: Buffer, parsed: Json, accent: Accent): Buffer {
  const edits = new Map<string, (name: Buffer, value: Buffer) => Buffer | null>();
  if (accent.refusesStreamOptions && Object.hasOwn(parsed, 'stream_options')) edits.set('stream_options', () => null);
  const { maxTokensField: field } = accent;
  if (field !== null) {
    const other = field === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
    const both = parsed[field] !== undefined && parsed[field] !== null;
    if (Object.hasOwn(parsed, other)) edits.set(other, (_, value) => (both ? null : member(field, value)));
    if (Object.hasOwn(parsed, other) && !both && Object.hasOwn(parsed, field)) edits.set(field, () => null);
  }
  const messages =
    accent.reasoningField === null ? null : toldThoughts(parsed['messages'], accent.reasoningField, accent);
  if (messages !== null) {
    const value = Buffer.from(JSON.stringify(messages));
    edits.set('messages', (name) => Buffer.concat([name, Buffer.from(':'), value]));
  }
  return edits.size === 0 ? body : editMembers(body, edits);
}

const member = (name: string, value: Buffer): Buffer => Buffer.concat([Buffer.from(`${JSON.stringify(name)}:`), value]);

/** Null where no message has another name than it takes, or lacks what it wants. */
function toldThoughts(
  messages: unknown,
  field: ReasoningField,
  { reasoningWithTools }: Accent,
): readonly unknown[] | null {
  if (!Array.isArray(messages)) return null;
  const list: readonly unknown[] = messages;
  const others = thoughtNames.filter((name) => name !== field);
  const lacks = (message: Json): boolean =>
    reasoningWithTools &&
    field !== 'none' &&
    Array.isArray(message['tool_calls']) &&
    typeof message[field] !== 'string';
  const isWrong = (message: Json): boolean => lacks(message) || others.some((name) => Object.hasOwn(message, name));
  if (!list.some((message) => isRecord(message) && isWrong(message))) return null;
  return list.map((message) => {
    if (!isRecord(message)) return message;
    const { reasoning, reasoning_content: content, ...rest } = message;
    const thoughts = field === 'reasoning' ? (reasoning ?? content) : (content ?? reasoning);
    const told = typeof thoughts === 'string' || !lacks(message) ? thoughts : '';
    return field === 'none' || told === undefined ? rest : { ...rest, [field]: told };
  });
}

const thoughtNames = ['reasoning', 'reasoning_content'] as const;

/** Walks the object's members; each edit gets the bytes of name and value, and null takes the member out. */
function editMembers(body: Buffer, edits: ReadonlyMap<string, (name: Buffer, value: Buffer) => Buffer | null>): Buffer {
  const kept: Buffer[] = [];
  let at = afterSpace(body, afterSpace(body, 0) + 1);
  while (body[at] === 0x22) {
    const nameEnd = afterString(body, at);
    const valueStart = afterSpace(body, afterSpace(body, nameEnd) + 1);
    const valueEnd = afterValue(body, valueStart);
    const name = body.subarray(at, nameEnd);
    const key: unknown = JSON.parse(name.toString('utf8'));
    const edit = typeof key === 'string' ? edits.get(key) : undefined;
    const bytes = edit === undefined ? body.subarray(at, valueEnd) : edit(name, body.subarray(valueStart, valueEnd));
    if (bytes !== null) kept.push(bytes);
    at = afterSpace(body, afterSpace(body, valueEnd) + 1);
  }
  const comma = Buffer.from(',');
  const parts = kept.flatMap((bytes, i) => (i === 0 ? [bytes] : [comma, bytes]));
  return Buffer.concat([Buffer.from('{'), ...parts, Buffer.from('}')]);
}
