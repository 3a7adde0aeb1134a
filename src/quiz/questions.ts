import type { Random } from '../core/random.ts';

/** A question whose answer can be checked exactly. */
export interface QuizQuestion {
  readonly prompt: string;
  /** Any of these is right. */
  readonly expect: readonly string[];
  /** `arithmetic`, `letters`, `order`; `own` where somebody else wrote it. */
  readonly kind: string;
  /** How hard it was made, from 1; 0 where nobody knows. */
  readonly level: number;
}

export const hardestLevel = 8;
const names = ['Ada', 'Ben', 'Cleo', 'Dan', 'Eve', 'Finn', 'Gus', 'Hana', 'Ivo', 'June', 'Kai', 'Lea'];
const letters = 'abcdefghijklmnoprstuvwy';

/** As many of each kind and level as there are rounds. Same random stream, same questions. */
export function quizQuestions(rounds: number, random: Random): readonly QuizQuestion[] {
  const makers = [arithmetic, lettersOf, orderOf];
  return Array.from({ length: rounds }, () =>
    makers.flatMap((make) => Array.from({ length: hardestLevel }, (_, level) => make(level + 1, random))),
  ).flat();
}

/** A sum of products: the harder, the more and the longer the factors. Always below 2^53. */
function arithmetic(level: number, random: Random): QuizQuestion {
  const factor = (): number => 2 + random.integer(level < 4 ? 10 * level : 100 * level);
  const terms = Array.from({ length: 1 + Math.ceil(level / 2) }, (): readonly [number, number] => [factor(), factor()]);
  const value = terms.reduce((sum, [a, b]) => sum + a * b, 0);
  const written = terms.map(([a, b]) => `${a} * ${b}`).join(' + ');
  return { prompt: `What is ${written}?`, expect: [String(value)], kind: 'arithmetic', level };
}

/** A word that no one has seen, backwards: the harder, the longer. */
function lettersOf(level: number, random: Random): QuizQuestion {
  const word = Array.from({ length: 3 + 2 * level }, () => letters[random.integer(letters.length)] ?? 'a').join('');
  const backwards = word.split('').reverse().join('');
  return { prompt: `Write the letters of "${word}" in reverse order.`, expect: [backwards], kind: 'letters', level };
}

/** Who stands where, told in any order: the harder, the more people. */
function orderOf(level: number, random: Random): QuizQuestion {
  const people = [...names];
  const row = Array.from({ length: 3 + level }, () => people.splice(random.integer(people.length), 1)[0] ?? '');
  const told = row.slice(1).map((name, i) => `${row[i] ?? ''} is taller than ${name}.`);
  const facts: string[] = [];
  while (told.length > 0) facts.push(...told.splice(random.integer(told.length), 1));
  const place = 1 + random.integer(row.length);
  const prompt = `${facts.join(' ')} Counted from the tallest, who is number ${place}?`;
  return { prompt, expect: [row[place - 1] ?? ''], kind: 'order', level };
}
