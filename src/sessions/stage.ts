import type { Stage } from '../core/session.ts';

/** Words with which a tool's result begins that is no result. */
const errorStart =
  /^\s*(?:<[a-z_]*error>|\W{0,3}(?:error|exception|traceback|fatal|failed|command failed|exit code [1-9]))/i;

/** Where a chat stands. Reads roles and the beginning of tool results since the last human message, nothing else. */
export function stageOf(body: Readonly<Record<string, unknown>>): Stage {
  const { messages } = body;
  const list: readonly unknown[] = Array.isArray(messages) ? messages : [];
  let turn = 0;
  let toolResults = 0;
  let toolErrors = 0;
  let last: Stage['last'] = 'other';
  for (const message of list) {
    if (!isRecord(message)) continue;
    last = kindOf(message);
    if (last === 'user') {
      turn++;
      toolResults = 0;
      toolErrors = 0;
    } else if (last === 'tool') {
      toolResults++;
      if (isError(message)) toolErrors++;
    }
  }
  return { turn: Math.max(1, turn), last, toolResults, toolErrors };
}

type Fields = Readonly<Record<string, unknown>>;

function kindOf({ role, content }: Fields): Stage['last'] {
  switch (role) {
    case 'tool':
    case 'function':
      return 'tool';
    case 'assistant':
      return 'assistant';
    case 'user':
      // Anthropic's form: a user message that holds nothing but tool results.
      return Array.isArray(content) && content.length > 0 && content.every(isToolResult) ? 'tool' : 'user';
    default:
      return 'other';
  }
}

function isError({ content, is_error: flag }: Fields): boolean {
  if (flag === true) return true;
  if (typeof content === 'string') return errorStart.test(content.slice(0, 200));
  if (!Array.isArray(content)) return false;
  const parts: readonly unknown[] = content;
  return parts.some((part) => isRecord(part) && (part['is_error'] === true || startsWithError(part['text'])));
}

const startsWithError = (text: unknown): boolean => typeof text === 'string' && errorStart.test(text.slice(0, 200));
const isToolResult = (part: unknown): boolean => isRecord(part) && part['type'] === 'tool_result';
const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
