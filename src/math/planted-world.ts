/**
 * The planted world: a small world whose truth we know because we made it. Three simulated models with a skill per
 * subject; what a prompt asks for can be read off its words. `data/planted/` is drawn from it, the simulated backend
 * answers by it, and tests check that routing finds what was planted:
 * `large` is best on average and dear, `medium` beats it at code, `small` does for chat and facts.
 */
export const plantedSubjects = ['code', 'math', 'writing', 'facts', 'translation', 'chat'] as const;
export type PlantedSubject = (typeof plantedSubjects)[number];

export const plantedModels = ['small', 'medium', 'large'] as const;
export type PlantedModel = (typeof plantedModels)[number];

/** Expected quality in [0, 1] of each model on a prompt of middling difficulty. */
export const plantedSkills: Readonly<Record<PlantedModel, Readonly<Record<PlantedSubject, number>>>> = {
  small: { code: 0.32, math: 0.35, writing: 0.62, facts: 0.88, translation: 0.6, chat: 0.92 },
  medium: { code: 0.92, math: 0.64, writing: 0.74, facts: 0.88, translation: 0.82, chat: 0.92 },
  large: { code: 0.7, math: 0.92, writing: 0.92, facts: 0.9, translation: 0.9, chat: 0.94 },
};

/** US dollars per million tokens. */
export const plantedPrices: Readonly<
  Record<PlantedModel, { readonly input: number; readonly cachedInput: number; readonly output: number }>
> = {
  small: { input: 0.1, cachedInput: 0.05, output: 0.4 },
  medium: { input: 0.5, cachedInput: 0.25, output: 2 },
  large: { input: 3, cachedInput: 1.5, output: 12 },
};

/** Words that give a subject away. No word stands under two subjects; the templates of `planted-prompts.ts` use them. */
const subjectWords: Readonly<Record<PlantedSubject, string>> = {
  code: `algorithm api array bash bug class code compile compiler css debug docker exception function git golang html
    java javascript json kotlin loop method parser pointer postgres program programming python recursion refactor regex
    rust script sql stack stderr swift syntax traceback typescript variable yaml`,
  math: `algebra angle area calculate compute cube derivative divided divisible equation expected expression fraction
    geometry integral integers limit math matrix modulo multiply percent polynomial prime probability proof prove
    radius remainder simplify solve sum theorem triangle`,
  writing: `ad article blog caption draft email essay haiku headline letter newsletter paragraph poem proofread pitch
    rewrite scene slogan speech sonnet stanza story tagline toast tweet verse`,
  facts: `altitude author born borders built capital century chemical continent country currency discovered element
    founded inventor invented largest located longest mountain museum ocean planet population president river war
    who year`,
  translation: `arabic chinese dutch english finnish french german greek hindi italian japanese korean latin norwegian
    polish portuguese spanish swedish translate translated translation turkish`,
  chat: `advice bored buddy chat cheer favourite feel feeling friend friends fun glad happy hello hey hi lonely miss
    mood nervous please relax sad sorry thanks tired weekend`,
};

const subjectOfWord: ReadonlyMap<string, PlantedSubject> = new Map(
  plantedSubjects.flatMap((subject) => subjectWords[subject].split(/\s+/).map((word) => [word, subject] as const)),
);

/** Easy is below one half, hard above. */
const difficultyOfWord: ReadonlyMap<string, number> = new Map([
  ...['quick', 'quickly', 'simple', 'short', 'basic', 'easy', 'briefly'].map((word) => [word, 0.2] as const),
  ...['tricky', 'rigorous', 'justify', 'thorough', 'advanced', 'subtle', 'detail'].map((word) => [word, 0.8] as const),
]);

const words = /[a-z]+/g;

/** The subject most of whose words occur; ties go to the earlier of `plantedSubjects`; no known word is chat. */
export function subjectOf(text: string): PlantedSubject {
  const counts = { code: 0, math: 0, writing: 0, facts: 0, translation: 0, chat: 0 };
  for (const [word] of text.toLowerCase().matchAll(words)) {
    const subject = subjectOfWord.get(word);
    if (subject !== undefined) counts[subject]++;
  }
  let best: PlantedSubject = 'chat';
  let most = 0;
  for (const subject of plantedSubjects) {
    if (counts[subject] > most) {
      most = counts[subject];
      best = subject;
    }
  }
  return best;
}

/** In [0, 1]: 0.2, 0.5 or 0.8, by the first word that tells; 0.5 where none does. */
export function difficultyOf(text: string): number {
  for (const [word] of text.toLowerCase().matchAll(words)) {
    const difficulty = difficultyOfWord.get(word);
    if (difficulty !== undefined) return difficulty;
  }
  return 0.5;
}

/** Expected quality of a skill at a difficulty: one logit is lost from the easiest prompt to a middling one. */
export function plantedQuality(skill: number, difficulty: number): number {
  if (skill <= 0) return 0;
  if (skill >= 1) return 1;
  const logit = Math.log(skill / (1 - skill)) + 2 * (0.5 - difficulty);
  return 1 / (1 + Math.exp(-logit));
}

/** Tokens of an answer of middling difficulty. */
export const plantedOutputTokens: Readonly<Record<PlantedSubject, number>> = {
  code: 320,
  math: 260,
  writing: 380,
  facts: 60,
  translation: 110,
  chat: 80,
};
