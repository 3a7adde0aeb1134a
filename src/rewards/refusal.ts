import type { ChatAnswer } from '../wire/chat-answer.ts';

/** Characters in which a refusal declares itself. */
const opening = 240;

/** How models refuse in English; a route adds its own phrases. */
const patterns: readonly RegExp[] = [
  /^(i'm |i am )?(very |really |so )?sorry,? (but )?(i|we|as)\b.{0,60}\b(can't|cannot|can not|unable|won't|not able)/,
  /^(i|we) (can't|cannot|can not|won't|will not|am unable to|'m unable to|am not able to|must decline)\b.{0,40}\b(help|assist|provide|comply|fulfil|create|write|generate|share|answer|discuss|do that|with that)/,
  /^i'm (not able|unable) to (help|assist|provide|comply|create|write|generate|share|answer|discuss)/,
  /^(as an ai|as a language model|as an artificial)\b.{0,80}\b(can't|cannot|unable|not able|won't)/,
];

/** Whether the model refused: by the API's own field, by its content filter, or in the first words of the answer. */
export function refused({ text, refusal, finishReason }: ChatAnswer, phrases: readonly string[]): boolean {
  if (refusal !== null || finishReason === 'content_filter') return true;
  const start = text.trimStart().slice(0, opening).toLowerCase().replaceAll('\u2019', "'").replaceAll(/\s+/g, ' ');
  return (
    patterns.some((pattern) => pattern.test(start)) || phrases.some((phrase) => start.includes(phrase.toLowerCase()))
  );
}
