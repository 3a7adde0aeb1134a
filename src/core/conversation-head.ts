import { createHash } from 'node:crypto';

/** Characters of each message that are looked at: what comes later seldom tells two conversations apart. */
const longestPart = 4_096;

/**
 * What stays the same from turn to turn: everything up to the first user message, as 22 characters of its SHA-256. Two
 * conversations that begin with the same words have the same head. Null where there is nothing to hash.
 */
export function conversationHead(body: Readonly<Record<string, unknown>>): string | null {
  const { system, messages, prompt, input } = body;
  const hash = createHash('sha256');
  let found = add(hash, system);
  if (Array.isArray(messages)) {
    for (const message of messages) {
      if (!isRecord(message)) continue;
      found = add(hash, message['content']) || found;
      if (message['role'] === 'user') break;
    }
  } else found = add(hash, prompt ?? input) || found;
  return found ? hash.digest('base64url').slice(0, 22) : null;
}

type Hash = ReturnType<typeof createHash>;

function add(hash: Hash, content: unknown): boolean {
  if (typeof content === 'string' && content !== '') {
    hash.update(content.slice(0, longestPart)).update('\0');
    return true;
  }
  if (!Array.isArray(content)) return false;
  let found = false;
  for (const part of content) {
    if (typeof part === 'string') found = add(hash, part) || found;
    else if (isRecord(part) && part['type'] === 'text') found = add(hash, part['text']) || found;
    else if (isRecord(part) && part['role'] !== undefined) found = add(hash, part['content']) || found;
  }
  return found;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
