import {
  difficultyOf,
  plantedOutputTokens,
  plantedQuality,
  subjectOf,
  type PlantedSubject,
} from '../../math/planted-world.ts';
import { seededRandom } from '../../core/random.ts';
import type { Behaviour } from './options.ts';

/** One answer before it is put on the wire. */
export interface SimulatedAnswer {
  /** Pieces of text, one a token. */
  readonly tokens: readonly string[];
  readonly finishReason: 'stop' | 'length';
  /** Null where a recorded answer has none. */
  readonly subject: PlantedSubject | null;
  /** Would it be right: 1 or 0 drawn from the planted skill, or what was recorded. */
  readonly quality: number;
  readonly firstTokenMs: number;
  readonly msPerToken: number;
}

/** Said over and over until the answer has its length: plainly filler, never mistaken for a real model's words. */
const filler: Readonly<Record<PlantedSubject, string>> = {
  code: 'First read the input, then check its edges, keep the loop small, name the result and return it.',
  math: 'Write down what is given, choose the unknown, rearrange the terms and put the numbers in.',
  writing: 'Open with the picture, let the middle turn once, and close on the line that stays.',
  facts: 'The records agree on this point, and the date and the place can be checked.',
  translation: 'The sentence keeps its order, the idiom finds its twin, and the tone stays polite.',
  chat: 'That sounds good to me, tell me more when you like, and take your time.',
};

/** How hard a prompt is counts towards the length as it does in the planted data: half to half as much again. */
const lengthOf = (subject: PlantedSubject, difficulty: number): number =>
  Math.round(plantedOutputTokens[subject] * (0.5 + difficulty));

/**
 * What a simulated model says to a prompt. Depends on nothing but the model, its behaviour and the prompt, so it can
 * be asked again and answers the same.
 */
export function simulateAnswer(
  model: string,
  behaviour: Behaviour,
  prompt: string,
  maxTokens: number | null,
): SimulatedAnswer {
  const random = seededRandom(`${behaviour.seed}:${model}:${prompt}`);
  const subject = subjectOf(prompt);
  const difficulty = difficultyOf(prompt);
  const expected = plantedQuality(behaviour.skills[subject] ?? 0.5, difficulty);
  const quality = random.next() < expected ? 1 : 0;
  const spread = (): number => 0.8 + 0.4 * random.next();
  const length = behaviour.outputTokens ?? Math.max(1, Math.round(lengthOf(subject, difficulty) * spread()));
  const opening =
    `[simulated] ${model} on a question of ${subject}: this answer would be ` +
    `${quality === 1 ? 'right' : 'wrong'} (quality ${quality}, expected ${expected.toFixed(2)}).`;
  const said = words(opening);
  const more = words(filler[subject]);
  while (said.length < length) said.push(...more);
  return cutTo(maxTokens, said.slice(0, Math.max(length, 1)), {
    subject,
    quality,
    firstTokenMs: behaviour.baseLatencyMs * spread(),
    msPerToken: behaviour.msPerToken,
  });
}

/** What a data set recorded, said at the model's own pace. */
export function recordedAnswer(
  behaviour: Behaviour,
  recorded: { readonly answer: string; readonly quality: number },
  maxTokens: number | null,
): SimulatedAnswer {
  return cutTo(maxTokens, words(recorded.answer), {
    subject: null,
    quality: recorded.quality,
    firstTokenMs: behaviour.baseLatencyMs,
    msPerToken: behaviour.msPerToken,
  });
}

function cutTo(
  maxTokens: number | null,
  tokens: readonly string[],
  rest: Omit<SimulatedAnswer, 'tokens' | 'finishReason'>,
): SimulatedAnswer {
  const short = maxTokens !== null && tokens.length > maxTokens;
  return { ...rest, tokens: short ? tokens.slice(0, maxTokens) : tokens, finishReason: short ? 'length' : 'stop' };
}

/** Words with the space that follows them: joined again they give the text back, byte for byte. */
const words = (text: string): string[] => text.match(/\S+\s*|\s+/g) ?? [''];
