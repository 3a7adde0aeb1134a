import type { EstimatorInput } from '../core/estimator.ts';
import type { QuizQuestion } from './questions.ts';

/** A question and what is known of it before it is asked. */
export interface Probe {
  readonly question: QuizQuestion;
  readonly input: EstimatorInput;
}

/** What is believed of the model on trial, now. */
export interface Belief {
  /** Of its quality. */
  of(input: EstimatorInput): { readonly mean: number; readonly deviation: number };
  /** Learns an outcome, so that the next question is chosen knowing it. */
  learn(input: EstimatorInput, score: number): void;
}

export interface Asked {
  readonly question: QuizQuestion;
  readonly score: number;
  /** Of its quality on this question, before it was asked. */
  readonly believed: number;
}

/**
 * Asks `count` questions, each time the one that tells most: where the belief is least sure. What is chosen depends on
 * questions and never on answers beyond what they taught, so the outcomes are a fair lesson for a regression on the query.
 *
 * @param ask the score of the model's answer, in [0, 1].
 */
export async function runQuiz(
  probes: readonly Probe[],
  count: number,
  belief: Belief,
  ask: (question: QuizQuestion) => Promise<number>,
  onAsked: (done: number) => void = () => undefined,
): Promise<readonly Asked[]> {
  const left = [...probes];
  const asked: Asked[] = [];
  while (asked.length < count && left.length > 0) {
    let place = 0;
    let widest = -1;
    left.forEach(({ input }, i) => {
      const { deviation } = belief.of(input);
      if (deviation <= widest) return;
      widest = deviation;
      place = i;
    });
    const [probe] = left.splice(place, 1);
    if (probe === undefined) break;
    const { question, input } = probe;
    const believed = belief.of(input).mean;
    const score = await ask(question);
    belief.learn(input, score);
    asked.push({ question, score, believed });
    onAsked(asked.length);
  }
  return asked;
}

/** Mean and deviation of the quality over all questions, asked or not, as it is believed. */
export function believedOver(probes: readonly Probe[], belief: Belief): { mean: number; deviation: number } {
  let [mean, deviation] = [0, 0];
  for (const { input } of probes) {
    const each = belief.of(input);
    mean += each.mean / probes.length;
    deviation += each.deviation / probes.length;
  }
  return { mean, deviation };
}
