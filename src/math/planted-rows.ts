import type { Random } from '../core/random.ts';
import { seededRandom } from '../core/random.ts';
import type { PlantedPrompt, PlantedSplit } from './planted-prompts.ts';
import { plantedPrompts } from './planted-prompts.ts';
import type { PlantedModel, PlantedSubject } from './planted-world.ts';
import {
  difficultyOf,
  plantedModels,
  plantedOutputTokens,
  plantedPrices,
  plantedQuality,
  plantedSkills,
} from './planted-world.ts';

/** What each model would have made of one prompt. */
export interface PlantedRow extends PlantedPrompt {
  /** Unique over both splits, e.g. `planted.train.17`. */
  readonly id: string;
  /** In [0, 1]: 0 or 1 for code, math and facts, quarters for the rest. */
  readonly quality: Readonly<Record<PlantedModel, number>>;
  /** US dollars. */
  readonly costUsd: Readonly<Record<PlantedModel, number>>;
}

/** Judged in quarters, as a person would; the others are right or wrong. */
const graded: ReadonlySet<PlantedSubject> = new Set(['writing', 'translation', 'chat']);

/** The seed of `data/planted/`. */
export const plantedSeed = 'planted-world-1';

/** Rows drawn from the planted world: same seed, same rows, on every machine. */
export function plantedRows(split: PlantedSplit, perSubject: number, seed: string = plantedSeed): PlantedRow[] {
  const random = seededRandom(`${seed}:${split}`);
  return plantedPrompts(split, perSubject, random).map((prompt, index) => {
    const draw = <T>(of: (model: PlantedModel) => T): Record<PlantedModel, T> => ({
      small: of('small'),
      medium: of('medium'),
      large: of('large'),
    });
    return {
      ...prompt,
      id: `planted.${split}.${index}`,
      quality: draw((model) => drawQuality(model, prompt, random)),
      costUsd: draw((model) => drawCost(model, prompt, random)),
    };
  });
}

/** The expectation is the planted quality in both cases: a coin, or the mean of four. */
function drawQuality(model: PlantedModel, { subject, text }: PlantedPrompt, random: Random): number {
  const expected = plantedQuality(plantedSkills[model][subject], difficultyOf(text));
  const coins = graded.has(subject) ? 4 : 1;
  let right = 0;
  for (let i = 0; i < coins; i++) if (random.next() < expected) right++;
  return right / coins;
}

/** Tokens times price; an answer's length follows subject and difficulty and varies by a fifth. */
function drawCost(model: PlantedModel, { subject, text }: PlantedPrompt, random: Random): number {
  const inputTokens = 8 + Math.ceil(text.length / 4);
  const typical = plantedOutputTokens[subject] * (0.5 + difficultyOf(text));
  const outputTokens = Math.max(1, Math.round(typical * (0.8 + 0.4 * random.next())));
  const { input, output } = plantedPrices[model];
  return Math.round(inputTokens * input * 1000 + outputTokens * output * 1000) / 1e9;
}

/** The header that `plantedCsv` writes: RouterBench's wide layout. */
const header = [
  'sample_id',
  'prompt',
  'eval_name',
  ...plantedModels,
  ...plantedModels.map((model) => `${model}|total_cost`),
  'oracle_model_to_route_to',
];

/** Rows in RouterBench's wide layout, RFC 4180, `\n` row ends. */
export function plantedCsv(rows: readonly PlantedRow[]): string {
  const lines = rows.map((row) =>
    [
      row.id,
      `"${row.text.replaceAll('"', '""')}"`,
      row.subject,
      ...plantedModels.map((model) => row.quality[model]),
      ...plantedModels.map((model) => row.costUsd[model].toFixed(9)),
      oracle(row),
    ].join(','),
  );
  return [header.join(','), ...lines, ''].join('\n');
}

/** The cheapest of the best; `no_model_correct` where all score 0. */
function oracle({ quality, costUsd }: PlantedRow): string {
  const best = Math.max(...plantedModels.map((model) => quality[model]));
  if (best === 0) return 'no_model_correct';
  const [first] = plantedModels.filter((model) => quality[model] === best).sort((a, b) => costUsd[a] - costUsd[b]);
  return first ?? 'no_model_correct';
}
