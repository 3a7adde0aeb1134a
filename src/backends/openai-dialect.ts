import type { BackendCall } from '../core/backend.ts';
import type { WireFormat } from '../core/query.ts';
import { eventStream, oneJson, type Dialect } from './dialect.ts';
import { SseTap } from './sse-tap.ts';
import { readEmbeddings, readWholeAnswer } from './whole-answer.ts';

const choices: Dialect = {
  streamType: 'text/event-stream',
  streamAnswer: eventStream,
  wholeAnswer: oneJson,
  openTap: (call, emit) => new SseTap(call.includeUsage, choicesAskedFor(call), emit),
  readWhole: readWholeAnswer,
};

const embeddings: Dialect = { ...choices, readWhole: readEmbeddings };

/** Chat and text completions have one shape as far as we look into it; embeddings are never streamed. */
export const openAiDialects: Readonly<Record<WireFormat, Dialect>> = {
  'openai-chat': choices,
  'openai-completion': choices,
  'openai-embedding': embeddings,
};

/** How many answers have to end before a stream is whole: `n` of each prompt, and a text completion may hold several. */
function choicesAskedFor({ body, format }: BackendCall): number {
  const { n, prompt } = body.parsed;
  const each = typeof n === 'number' && n > 1 ? n : 1;
  // An array of numbers is one prompt in tokens; any other array is that many prompts.
  if (format !== 'openai-completion' || !Array.isArray(prompt) || typeof prompt[0] === 'number') return each;
  return each * Math.max(1, prompt.length);
}
