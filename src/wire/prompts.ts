import { wrong } from './messages.ts';
import { estimateTokens } from './prompt-tokens.ts';

/** What one pass over a `prompt` or an `input` finds. */
export interface Prompts {
  /** All texts, joined by line breaks; empty where they came as tokens. */
  readonly text: string;
  /** Tokens of all, estimated where they came as text; rounded up. */
  readonly tokens: number;
  /** The same of the longest one. */
  readonly longestTokens: number;
  /** At least 1. */
  readonly count: number;
}

/**
 * A prompt in any of OpenAI's four forms: a text, several texts, one prompt as token numbers, several such. Throws
 * `invalid_request` naming the place.
 */
export function readPrompts(name: string, value: unknown): Prompts {
  if (typeof value === 'string') return one(value, tokensOf(value));
  if (!Array.isArray(value) || value.length === 0) {
    throw wrong(name, 'a string, or a non-empty array of strings or tokens', value);
  }
  if (typeof value[0] === 'number') return one('', countTokens(name, value));
  let text = '';
  let tokens = 0;
  let longestTokens = 0;
  for (let i = 0; i < value.length; i++) {
    const item: unknown = value[i];
    let own: number;
    if (typeof item === 'string') {
      own = tokensOf(item);
      text = i === 0 ? item : `${text}\n${item}`;
    } else if (Array.isArray(item) && item.length > 0) own = countTokens(`${name}[${i}]`, item);
    else throw wrong(`${name}[${i}]`, 'a string or a non-empty array of tokens', item);
    tokens += own;
    longestTokens = Math.max(longestTokens, own);
  }
  return { text, tokens: Math.ceil(tokens), longestTokens: Math.ceil(longestTokens), count: value.length };
}

const one = (text: string, tokens: number): Prompts => {
  const rounded = Math.ceil(tokens);
  return { text, tokens: rounded, longestTokens: rounded, count: 1 };
};

const tokensOf = (text: string): number => estimateTokens(text.length, Buffer.byteLength(text));

function countTokens(place: string, tokens: readonly unknown[]): number {
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (typeof token !== 'number' || !Number.isSafeInteger(token) || token < 0) {
      throw wrong(`${place}[${i}]`, 'a token number', token);
    }
  }
  return tokens.length;
}
