import { hash32, seededRandom } from '../../core/random.ts';

const defaultDimensions = 64;
const mostDimensions = 4_096;

/** A whole answer to `POST /embeddings`. */
export interface SimulatedEmbeddings {
  readonly body: Buffer;
  readonly inputTokens: number;
}

/**
 * Vectors without a model: the normalised sum of one seeded direction a word, so texts that share words are near. They
 * depend on nothing but the words and the length asked for, so all simulated models embed into one space.
 */
export function simulateEmbeddings(
  parsed: Readonly<Record<string, unknown>>,
  model: string,
  ownDimensions: number | null,
): SimulatedEmbeddings {
  const { input, dimensions: asked, encoding_format: encoding } = parsed;
  const wanted = typeof asked === 'number' && Number.isInteger(asked) && asked >= 1 ? asked : ownDimensions;
  const dimensions = Math.min(wanted ?? defaultDimensions, mostDimensions);
  const inputs: readonly unknown[] = Array.isArray(input) && typeof input[0] !== 'number' ? input : [input];
  let inputTokens = 0;
  const data = inputs.map((each, index) => {
    const words = wordsOf(each);
    inputTokens += words.length;
    const vector = vectorOf(words, dimensions);
    const embedding = encoding === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector];
    return { object: 'embedding', index, embedding };
  });
  const usage = { prompt_tokens: inputTokens, total_tokens: inputTokens };
  return { body: Buffer.from(JSON.stringify({ object: 'list', data, model, usage, simulated: {} })), inputTokens };
}

/** Token numbers are words too. */
function wordsOf(input: unknown): readonly string[] {
  if (typeof input === 'string') return input.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return Array.isArray(input) ? input.map(String) : [];
}

function vectorOf(words: readonly string[], dimensions: number): Float32Array<ArrayBuffer> {
  const sum = new Float32Array(dimensions);
  for (const word of words.length === 0 ? [''] : words) {
    const random = seededRandom(hash32(word));
    for (let i = 0; i < dimensions; i++) sum[i] = (sum[i] ?? 0) + random.normal();
  }
  const length = Math.hypot(...sum);
  return sum.map((value) => value / length);
}
