import { createHash } from 'node:crypto';
import type { RequestBody } from '../core/backend.ts';
import type { ToolCallIds } from '../core/candidate.ts';

const valid: Readonly<Record<ToolCallIds, RegExp>> = {
  'alphanumeric-9': /^[A-Za-z0-9]{9}$/,
  'at-most-40': /^[A-Za-z0-9_-]{1,40}$/,
};

/**
 * The body as a target takes it that is strict about ids of tool calls, since an earlier turn may have been answered by
 * another model with ids of its own. Calls and their results get the same new id, and the same one in every turn, so
 * that prompt caches still match. The same body where nothing offends.
 */
export function withToolCallIds(body: RequestBody, rule: ToolCallIds): RequestBody {
  const { messages } = body.parsed;
  if (!Array.isArray(messages)) return body;
  const list: readonly unknown[] = messages;
  let changed = false;
  const rewritten = list.map((message) => {
    const next = isRecord(message) ? withIds(message, rule) : message;
    changed ||= next !== message;
    return next;
  });
  if (!changed) return body;
  const parsed = { ...body.parsed, messages: rewritten };
  return { parsed, raw: Buffer.from(JSON.stringify(parsed)) };
}

type Fields = Readonly<Record<string, unknown>>;

function withIds(message: Fields, rule: ToolCallIds): Fields {
  const { tool_call_id: answered, tool_calls: calls } = message;
  let next = message;
  if (offends(answered, rule)) next = { ...next, tool_call_id: idFor(answered, rule) };
  if (Array.isArray(calls) && calls.some((call) => isRecord(call) && offends(call['id'], rule))) {
    const list: readonly unknown[] = calls;
    next = {
      ...next,
      tool_calls: list.map((call) => {
        if (!isRecord(call)) return call;
        const id = call['id'];
        return offends(id, rule) ? { ...call, id: idFor(id, rule) } : call;
      }),
    };
  }
  return next;
}

const offends = (id: unknown, rule: ToolCallIds): id is string => typeof id === 'string' && !valid[rule].test(id);

/** The first letters and digits of the id's SHA-256; nine of them have 2^53 values. */
function idFor(id: string, rule: ToolCallIds): string {
  const text = createHash('sha256')
    .update(id)
    .digest('base64')
    .replaceAll(/[^A-Za-z0-9]/g, '');
  switch (rule) {
    case 'alphanumeric-9':
      return text.slice(0, 9);
    case 'at-most-40':
      return `call_${text.slice(0, 24)}`;
    default:
      return rule satisfies never;
  }
}

const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
