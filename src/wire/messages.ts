import { PointsmanError } from '../core/errors.ts';
import {
  audioCharactersPerToken,
  estimateTokens,
  fileCharactersPerToken,
  tokensPerImage,
  tokensPerLowImage,
  tokensPerMessage,
} from './prompt-tokens.ts';
import { isRecord } from './record.ts';

/** What one pass over the messages finds. */
export interface MessageTally {
  /** Estimated tokens, not rounded: texts, media and what each message adds; tool calls are not counted here. */
  tokens: number;
  /** UTF-8 bytes of all texts plus characters of all media: the part of the body that `tokens` speaks for. */
  countedBytes: number;
  images: boolean;
  audio: boolean;
  files: boolean;
  /** Some message carries tool or function calls. */
  toolCalls: boolean;
}

/** Checks what routing reads of the messages and counts it. Throws `invalid_request` naming the place. */
export function readMessages(messages: readonly unknown[]): MessageTally {
  const tally: MessageTally = {
    tokens: 0,
    countedBytes: 0,
    images: false,
    audio: false,
    files: false,
    toolCalls: false,
  };
  for (let i = 0; i < messages.length; i++) {
    const message = messages[i];
    if (!isRecord(message)) throw wrong(`messages[${i}]`, 'an object', message);
    const { role, content } = message;
    if (typeof role !== 'string' || role === '') throw wrong(`messages[${i}].role`, 'a non-empty string', role);
    tally.tokens += tokensPerMessage;
    if (message.tool_calls !== undefined || message.function_call !== undefined) tally.toolCalls = true;
    if (typeof content === 'string') countText(tally, content);
    else if (Array.isArray(content)) countParts(tally, content, i);
    else if (content !== null && (content !== undefined || needsContent(role))) {
      throw wrong(`messages[${i}].content`, 'a string, an array of parts or null', content);
    }
  }
  return tally;
}

/** An answer may consist of tool calls alone. */
const needsContent = (role: string): boolean => role === 'user' || role === 'system' || role === 'developer';

function countText(tally: MessageTally, text: string): void {
  const bytes = Buffer.byteLength(text);
  tally.tokens += estimateTokens(text.length, bytes);
  tally.countedBytes += bytes;
}

function countParts(tally: MessageTally, parts: readonly unknown[], message: number): void {
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    if (!isRecord(part)) throw wrong(`messages[${message}].content[${i}]`, 'an object', part);
    switch (part.type) {
      case 'text':
        if (typeof part.text !== 'string')
          throw wrong(`messages[${message}].content[${i}].text`, 'a string', part.text);
        countText(tally, part.text);
        break;
      case 'image_url': {
        tally.images = true;
        const image = isRecord(part.image_url) ? part.image_url : {};
        tally.tokens += image.detail === 'low' ? tokensPerLowImage : tokensPerImage;
        tally.countedBytes += lengthOf(image.url);
        break;
      }
      case 'input_audio': {
        tally.audio = true;
        const characters = isRecord(part.input_audio) ? lengthOf(part.input_audio.data) : 0;
        tally.tokens += characters / audioCharactersPerToken;
        tally.countedBytes += characters;
        break;
      }
      case 'file': {
        tally.files = true;
        const characters = isRecord(part.file) ? lengthOf(part.file.file_data) : 0;
        tally.tokens += characters / fileCharactersPerToken;
        tally.countedBytes += characters;
        break;
      }
      default:
        // A part that we do not know is the upstream's to judge; it only has to say what it is.
        if (typeof part.type !== 'string')
          throw wrong(`messages[${message}].content[${i}].type`, 'a string', part.type);
    }
  }
}

const lengthOf = (value: unknown): number => (typeof value === 'string' ? value.length : 0);

/** `invalid_request` for a field that is not what it must be. */
export function wrong(param: string, expected: string, value: unknown): PointsmanError {
  return new PointsmanError('invalid_request', `${param} must be ${expected}, not ${describe(value)}.`, { param });
}

/** Names a JSON value's kind without repeating its content. */
export function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
  if (value === '') return 'an empty string';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
