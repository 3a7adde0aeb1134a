import { isRecord } from '../json.ts';

/** What the simulated models look at in a request. */
export interface Prompt {
  /** Text of the last user message, or of the prompt of a text completion. */
  readonly text: string;
  /** A quarter of the characters of all messages, rounded up. */
  readonly tokens: number;
  readonly maxTokens: number | null;
}

export function readPrompt(parsed: Readonly<Record<string, unknown>>): Prompt {
  const messages = Array.isArray(parsed['messages']) ? parsed['messages'] : [];
  let text = '';
  let characters = 0;
  for (const message of messages) {
    if (!isRecord(message)) continue;
    const content = textOf(message['content']);
    characters += content.length;
    if (message['role'] === 'user') text = content;
  }
  if (messages.length === 0) {
    const { prompt } = parsed;
    text = Array.isArray(prompt) ? prompt.join('\n') : typeof prompt === 'string' ? prompt : '';
    characters = text.length;
  }
  const limit = parsed['max_completion_tokens'] ?? parsed['max_tokens'];
  return {
    text,
    tokens: Math.ceil(characters / 4),
    maxTokens: typeof limit === 'number' && limit >= 1 ? Math.floor(limit) : null,
  };
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  const parts: string[] = [];
  for (const part of content) if (isRecord(part) && typeof part['text'] === 'string') parts.push(part['text']);
  return parts.join('\n');
}
