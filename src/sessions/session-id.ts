import { createHash } from 'node:crypto';
import { conversationHead } from '../core/conversation-head.ts';
import type { Query } from '../core/query.ts';

/** Lower-case names, as Node gives them. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Headers by which agents and proxies name their conversations, as found on 2026-11-22: Codex sends `session_id` and, in
 * older versions, `conversation_id` (its `build_conversation_headers`); Claude Code, OpenCode, LiteLLM and Helicone
 * (docs.helicone.ai/features/sessions) names of their own. The `x-` and dashed forms are what other gateways read too
 * and are documented by nobody.
 */
const agentHeaders = [
  'x-session-id',
  'session_id',
  'session-id',
  'conversation_id',
  'x-conversation-id',
  'x-claude-code-session-id',
  'x-opencode-session',
  'x-litellm-session-id',
  'helicone-session-id',
] as const;

const metadataNames = ['session_id', 'conversation_id', 'thread_id'] as const;

/**
 * Which conversation a request belongs to, as 22 characters that tell nothing of who asks; null where nothing says so.
 * First that is given: `x-pointsman-session` (or the wish), `prompt_cache_key`, an agent's header, `metadata`, `user`
 * together with the conversation's head (one person has many conversations), the head alone. Ids of one tenant and route
 * never meet those of another.
 */
export function sessionIdOf(
  query: Query,
  route: string,
  body: Readonly<Record<string, unknown>>,
  headers: Headers,
): string | null {
  const id =
    named('wish', query.wishes.session) ??
    named('key', body['prompt_cache_key']) ??
    agentHeaders.reduce<string | null>((found, name) => found ?? named('header', headers[name]), null) ??
    fromMetadata(body['metadata']) ??
    fromHead(body);
  if (id === null) return null;
  const whose = `${query.caller.tenant}\0${route}\0${id}`;
  return createHash('sha256').update(whose).digest('base64url').slice(0, 22);
}

/** Where it came from is part of the id: a header can never name a conversation that was known by its head. */
const named = (kind: string, value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? `${kind}:${value}` : null;

function fromMetadata(metadata: unknown): string | null {
  if (typeof metadata !== 'object' || metadata === null) return null;
  for (const name of metadataNames) {
    const id = named('metadata', Reflect.get(metadata, name));
    if (id !== null) return id;
  }
  // Claude Code writes user, account and session into one field.
  const user: unknown = Reflect.get(metadata, 'user_id');
  const session = typeof user === 'string' ? /_session_(\S+)$/.exec(user)?.[1] : undefined;
  return named('metadata', session);
}

function fromHead(body: Readonly<Record<string, unknown>>): string | null {
  const head = conversationHead(body);
  if (head === null) return null;
  const { user } = body;
  return typeof user === 'string' && user !== '' ? `user:${user}:${head}` : `head:${head}`;
}
