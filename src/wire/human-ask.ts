import { isRecord } from './record.ts';

/** Elements that agents write into the user's turn beside what the person asked. */
const injectedTags = [
  'system-reminder',
  'environment_details',
  'environment_context',
  'user_instructions',
  'local-command-caveat',
  'local-command-stdout',
  'command-message',
  'additional_data',
] as const;

/**
 * The human ask: the text of the last user message without tool results and injected agent text. Where nothing is left
 * of that message, the ask before it still stands. Without any, the last text that is neither answer nor tool result.
 */
export function humanAsk(messages: readonly unknown[]): string {
  for (let i = messages.length - 1; i >= 0; i--) {
    const message = messages[i];
    if (!isRecord(message) || message.role !== 'user') continue;
    const ask = withoutInjected(textOf(message.content));
    if (!isBlank(ask)) return ask;
  }
  for (let i = messages.length - 1; i >= 0; i--) {
    const message = messages[i];
    if (!isRecord(message) || !isPrompt(message.role)) continue;
    const text = textOf(message.content);
    if (!isBlank(text)) return text;
  }
  return '';
}

/** The text parts of a message's content, joined by line breaks. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  let text: string | null = null;
  for (const part of content) {
    if (!isRecord(part) || part.type !== 'text' || typeof part.text !== 'string') continue;
    text = text === null ? part.text : `${text}\n${part.text}`;
  }
  return text ?? '';
}

/** Cuts whole injected elements out. Text without any, or with one that is never closed, comes back as it is. */
export function withoutInjected(text: string): string {
  let kept = '';
  let keptUpTo = 0;
  const unclosed: string[] = [];
  for (let open = text.indexOf('<'); open !== -1; open = text.indexOf('<', open + 1)) {
    const tag = injectedTagAt(text, open + 1);
    // A tag that was once found unclosed stays so: without this, many of them would cost their square.
    if (tag === null || unclosed.includes(tag)) continue;
    const close = text.indexOf(`</${tag}>`, open);
    if (close === -1) {
      unclosed.push(tag);
      continue;
    }
    kept += text.slice(keptUpTo, open);
    keptUpTo = close + tag.length + 3;
    open = keptUpTo - 1;
  }
  return keptUpTo === 0 ? text : (kept + text.slice(keptUpTo)).trim();
}

function injectedTagAt(text: string, at: number): string | null {
  for (const tag of injectedTags) {
    if (!text.startsWith(tag, at)) continue;
    const after = text.charCodeAt(at + tag.length);
    // `>` or white space before attributes.
    if (after === 0x3e || after === 0x20 || after === 0x0a) return tag;
  }
  return null;
}

const isPrompt = (role: unknown): boolean => role !== 'assistant' && role !== 'tool' && role !== 'function';

const isBlank = (text: string): boolean => text.trim() === '';
