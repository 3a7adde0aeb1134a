import type { Random } from '../core/random.ts';
import type { PlantedSubject } from './planted-world.ts';
import { plantedSubjects } from './planted-world.ts';

/** A prompt of the planted world. Subject and difficulty can be read back off its words. */
export interface PlantedPrompt {
  readonly subject: PlantedSubject;
  readonly text: string;
}

/** `train` and `test` share templates and no filler of a slot: a held-out prompt is about other things. */
export type PlantedSplit = 'train' | 'test';

interface Grammar {
  /** `{slot}` is filled from `slots`. */
  readonly templates: readonly string[];
  /** Alternatives, separated by `|`. */
  readonly slots: Readonly<Record<string, string>>;
}

const grammars: Readonly<Record<PlantedSubject, Grammar>> = {
  code: {
    templates: [
      'Write a {language} function that {task}.',
      'Why does my {language} program fail when it {task}? Show the corrected code.',
      'Refactor this {language} class so that it {task}, and keep its API.',
      'Give me a {language} script which {task}; add a comment to every loop.',
      'There is a bug in my {language} method: it never {task}. Debug it with me.',
      'How would you design a {language} algorithm that {task}?',
    ],
    slots: {
      language: 'Python|TypeScript|Rust|SQL|Java|Kotlin|JavaScript|Swift',
      task:
        'reverses a linked list|merges two sorted files|counts word pairs in a log|retries a failed upload|' +
        'parses dates from a report|removes duplicate customers|groups orders by week|validates an e-mail form|' +
        'walks a directory tree|caches recent lookups|streams rows to disk|balances a binary tree|' +
        'finds the shortest path in a maze|compresses repeated letters|schedules nightly jobs|diffs two settings files',
    },
  },
  math: {
    templates: [
      'Solve the equation {expression} = {number} for x.',
      'What is {number} percent of {larger}? Show how you calculate it.',
      'Compute the derivative of {expression} at x = {number}.',
      'Find the remainder when {larger} is divided by {number}.',
      'What is the probability that {event} if {number} of {larger} tickets win?',
      'Prove or disprove: the sum {expression} is divisible by {number} for every whole x.',
    ],
    slots: {
      expression: '3x + 7|x^2 - 5x|4x^3 - x|7 - 2x|x^2 + 9x|6x^2 - 11|2x^3 + 5x|8x - 13|x^4 - 3x|5x^2 + x',
      number: '12|17|23|31|8|45|19|27|36|14|53|41',
      larger: '240|1350|875|4096|660|9801|2310|720|1024|5040|3375|819',
      event: 'two draws match|nobody gets a prize|the first draw wins|exactly one of three draws wins',
    },
  },
  writing: {
    templates: [
      'Write a poem about {theme} in the voice of {voice}.',
      'Draft an email in which {voice} apologises for {theme}.',
      'Give me a headline and a first paragraph for an article on {theme}.',
      'Rewrite this blog opening about {theme} so that it sounds like {voice}.',
      'I need a wedding speech by {voice} that turns on {theme}.',
      'Sketch a short story scene: {voice} and {theme}.',
    ],
    slots: {
      theme:
        'the first snow|an empty railway platform|a broken umbrella|the smell of bread|a forgotten garden|' +
        'a lighthouse in fog|the last bus home|a chipped teacup|an orchard at dusk|the neighbour upstairs|' +
        'a torn map|the old harbour',
      voice:
        'a retired sailor|a nervous student|a weary detective|a proud baker|a stern librarian|a travelling clown|' +
        'a young beekeeper|an impatient king',
    },
  },
  facts: {
    templates: [
      'What is the capital of {country}?',
      'Who invented the {thing}, and in which year?',
      'What is the population of {country}, and what is its currency?',
      'Which is the largest river of {country}?',
      'In what century was the {thing} first built?',
      'Which museum in {country} shows the original {thing}?',
    ],
    slots: {
      country:
        'Norway|Peru|Kenya|Mongolia|Portugal|Vietnam|Bolivia|Iceland|Morocco|Nepal|Uruguay|Latvia|Ghana|Oman|' +
        'Slovenia|Fiji',
      thing:
        'telescope|sewing machine|steam engine|pendulum clock|bicycle|printing press|microscope|parachute|barometer|' +
        'typewriter|spinning wheel|astrolabe',
    },
  },
  translation: {
    templates: [
      'Translate into {tongue}: "{sentence}"',
      'How do you say "{sentence}" in {tongue}?',
      'Give the {tongue} translation of "{sentence}" and keep it polite.',
      'Is there a {tongue} idiom for "{sentence}"? If not, translate it literally.',
    ],
    slots: {
      tongue: 'French|German|Spanish|Italian|Japanese|Polish|Dutch|Swedish|Turkish|Greek|Korean|Finnish',
      sentence:
        'the train leaves at noon|could you close the window|my brother lives near the lake|we ran out of coffee|' +
        'the keys are on the table|nobody saw it coming|she has been waiting since Monday|the shop opens tomorrow|' +
        'it looks like rain|he left his coat behind|the soup is too salty|our flight was cancelled|' +
        'may I sit here|they moved to the countryside|the meeting is over|I lost my ticket',
    },
  },
  chat: {
    templates: [
      'Hi! I feel {mood} after {happening}. Any advice?',
      'Hey, tell me something fun, I had {happening} and I am {mood}.',
      'My friend had {happening} and is {mood} now. How can I cheer them up?',
      'I am {mood} this weekend because of {happening}. Chat with me a little, please.',
      'Hello there, what would you do if {happening} left you {mood}?',
    ],
    slots: {
      mood: 'tired|bored|lonely|nervous|restless|cheerful|homesick|overwhelmed',
      happening:
        'a long day at work|moving to a new flat|a quarrel with my sister|an exam that went badly|' +
        'a week of rain|missing my train|a job interview|my cat running away|a birthday without guests|' +
        'a noisy night|losing my phone|a cancelled holiday',
    },
  },
};

/** How a prompt says that it is easy or hard; most say nothing. */
const openings = ['Quick one: ', 'A simple question. ', '', '', '', 'This is a tricky one. ', 'Be rigorous: '] as const;

/** Every fourth filler is held out. */
function fillersOf(slot: string, split: PlantedSplit): readonly string[] {
  return slot.split('|').filter((_, index) => (index % 4 === 3) === (split === 'test'));
}

/**
 * `perSubject` different prompts of every subject, subjects taking turns. The same random stream gives the same prompts.
 * Throws RangeError where the grammar has too few.
 */
export function plantedPrompts(split: PlantedSplit, perSubject: number, random: Random): PlantedPrompt[] {
  const bySubject = plantedSubjects.map((subject) => promptsOf(subject, split, perSubject, random));
  return Array.from({ length: perSubject }, (_, i) => bySubject.flatMap((prompts) => prompts[i] ?? [])).flat();
}

function promptsOf(subject: PlantedSubject, split: PlantedSplit, count: number, random: Random): PlantedPrompt[] {
  const { templates, slots } = grammars[subject];
  const fillers = new Map(Object.entries(slots).map(([name, slot]) => [name, fillersOf(slot, split)]));
  const seen = new Set<string>();
  for (let tries = 0; seen.size < count; tries++) {
    if (tries > 200 * count) throw new RangeError(`Only ${seen.size} different ${split} prompts of ${subject}.`);
    const body = pick(templates, random).replace(/\{(\w+)\}/g, (_, name: string) =>
      pick(fillers.get(name) ?? [''], random),
    );
    seen.add(pick(openings, random) + body);
  }
  return [...seen].map((text) => ({ subject, text }));
}

function pick(choices: readonly string[], random: Random): string {
  return choices[random.integer(choices.length)] ?? '';
}
