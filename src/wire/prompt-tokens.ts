/**
 * Estimates a prompt's length without a tokenizer. English text and code run near 4 characters a token in the
 * tokenizers in use today; other scripts need more. Every UTF-8 byte beyond one per UTF-16 unit adds 0.3 tokens, which
 * puts Chinese, Japanese and Korean at 0.85 tokens a character, Cyrillic and Greek at 0.55, an emoji at 1.1.
 * It is an estimate for context checks, cost predictions and reservations; what is billed comes from the upstream.
 */
const charactersPerToken = 4;
const tokensPerExtraByte = 0.3;

/** Role and separators of one message, and what primes the answer, as OpenAI's chat format counts them. */
export const tokensPerMessage = 4;
export const tokensPerPrompt = 3;

/** OpenAI's fixed price of a picture, for `detail: low` and for a 1024 x 1024 picture otherwise. */
export const tokensPerLowImage = 85;
export const tokensPerImage = 765;

/** Base64 characters of sound and documents that weigh as one token: about 10-30 tokens a second, 1,500 a page. */
export const audioCharactersPerToken = 2_000;
export const fileCharactersPerToken = 64;

/** Tokens of `utf8Bytes` bytes that decode to `characters` UTF-16 units. Not rounded. */
export function estimateTokens(characters: number, utf8Bytes: number): number {
  return characters / charactersPerToken + (utf8Bytes - characters) * tokensPerExtraByte;
}

/** The estimate for a prompt that is one user message with this text, exactly as a request with it would get. */
export function promptTokensOf(text: string): number {
  return Math.ceil(estimateTokens(text.length, Buffer.byteLength(text)) + tokensPerMessage + tokensPerPrompt);
}
