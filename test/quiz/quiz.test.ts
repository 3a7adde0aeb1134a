import { describe, expect, test } from 'vitest';
import type { EstimatorInput } from '../../src/core/estimator.ts';
import { seededRandom } from '../../src/core/random.ts';
import { grade } from '../../src/quiz/grade.ts';
import { hardestLevel, quizQuestions, type QuizQuestion } from '../../src/quiz/questions.ts';
import { believedOver, runQuiz, type Belief } from '../../src/quiz/run-quiz.ts';

/** Solves a question from its text alone. */
function solve({ prompt, kind }: QuizQuestion): string {
  if (kind === 'arithmetic') {
    const terms = [...prompt.matchAll(/(\d+) \* (\d+)/g)];
    return String(terms.reduce((sum, [, a, b]) => sum + BigInt(a ?? 0) * BigInt(b ?? 0), 0n));
  }
  if (kind === 'letters') return (/"(\w+)"/.exec(prompt)?.[1] ?? '').split('').reverse().join('');
  const smaller = new Map([...prompt.matchAll(/(\w+) is taller than (\w+)\./g)].map(([, a = '', b = '']) => [a, b]));
  const shorter = new Set(smaller.values());
  let name = [...smaller.keys()].find((each) => !shorter.has(each)) ?? '';
  for (let place = Number(/number (\d+)\?/.exec(prompt)?.[1]); place > 1; place--) name = smaller.get(name) ?? '';
  return name;
}

describe('questions', () => {
  const questions = quizQuestions(20, seededRandom('questions'));

  test('have the answer that follows from their text, at every level', () => {
    expect(questions).toHaveLength(20 * 3 * hardestLevel);
    for (const question of questions) expect(question.expect).toEqual([solve(question)]);
    expect(new Set(questions.map(({ level }) => level)).size).toBe(hardestLevel);
  });

  test('get longer with their level, and are the same from the same seed', () => {
    const lengthAt = (kind: string, at: number): number => {
      const own = questions.filter(({ kind: of, level }) => of === kind && level === at);
      return own.reduce((sum, { prompt }) => sum + prompt.length, 0) / own.length;
    };
    for (const kind of ['arithmetic', 'letters', 'order']) {
      expect(lengthAt(kind, 8)).toBeGreaterThan(lengthAt(kind, 4));
      expect(lengthAt(kind, 4)).toBeGreaterThan(lengthAt(kind, 1));
    }
    expect(quizQuestions(2, seededRandom('a'))).toEqual(quizQuestions(2, seededRandom('a')));
    expect(quizQuestions(2, seededRandom('b'))).not.toEqual(quizQuestions(2, seededRandom('a')));
  });
});

test.each<[string, readonly string[], 0 | 1]>([
  ['It is 40 + 2.\nANSWER: 42', ['42'], 1],
  ['**ANSWER:** 1,042.', ['1042'], 1],
  ['answer : "Ada"', ['ada'], 1],
  ['ANSWER: 7\nNo, wait.\nANSWER: 8', ['7'], 0],
  ['ANSWER: -5', ['5'], 0],
  ['ANSWER: -5', ['-5'], 1],
  ['I think so.\nParis\n\n', ['Paris', 'paris, france'], 1],
  ['142', ['42'], 0],
  ['', ['42'], 0],
])('of %j, expecting %j, the grade is %i', (text, expected, score) => {
  expect(grade(text, expected)).toBe(score);
});

describe('the quiz', () => {
  const inputOf = (lean: number): EstimatorInput => ({ embedding: Float32Array.of(lean), promptTokens: 1 });
  const probes = Array.from({ length: 12 }, (_, i) => ({
    question: { prompt: `${i}`, expect: ['x'], kind: 'own', level: 0 },
    input: inputOf(i),
  }));
  /** As sure of a question as others were learned near it. */
  const create = (): Belief & { readonly learned: number[] } => {
    const learned: number[] = [];
    const near = ({ embedding: [lean = 0] }: EstimatorInput): number =>
      learned.filter((each) => Math.abs(each - lean) <= 1).length;
    return {
      learned,
      of: (input) => ({ mean: 0.5, deviation: 1 / (1 + near(input)) }),
      learn: ({ embedding: [lean = 0] }) => void learned.push(lean),
    };
  };

  test('asks where it is least sure, once each, and learns before it asks again', async () => {
    const belief = create();
    const asked: string[] = [];
    const result = await runQuiz(probes, 5, belief, async ({ prompt }) => {
      asked.push(prompt);
      return 1;
    });
    // Everything within one of 0, 2, 4 ... is known then.
    expect(asked).toEqual(['0', '2', '4', '6', '8']);
    expect(belief.learned).toEqual([0, 2, 4, 6, 8]);
    expect(result.map(({ believed, score }) => [believed, score])).toEqual(asked.map(() => [0.5, 1]));
    expect(believedOver(probes, belief).deviation).toBeLessThan(0.6);
  });

  test('ends when all was asked, and at the first answer that does not come', async () => {
    expect(await runQuiz(probes, 50, create(), async () => 0)).toHaveLength(12);
    const belief = create();
    await expect(
      runQuiz(probes, 5, belief, async () => {
        if (belief.learned.length === 2) throw new Error('gone');
        return 0;
      }),
    ).rejects.toThrow('gone');
    expect(belief.learned).toHaveLength(2);
  });
});
