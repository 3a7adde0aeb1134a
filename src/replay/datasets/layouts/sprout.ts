import { createCellCheck } from '../cell-check.ts';
import { dataError } from '../data-error.ts';
import { createPivot } from '../pivot.ts';
import { costOfTokens, type Prices } from '../prices.ts';
import { numberOf, recordOf, textOfCell } from '../table.ts';
import type { Layout } from './layout.ts';

const notModels = new Set(['key', 'dataset', 'dataset_level', 'dataset_idx', 'prompt', 'golden_answer']);

/** SPROUT counts tokens. These are the dollars per million of them that CARROT's own code uses (`SPROUT_COSTS`). */
const carrotPrices: Prices = {
  'aws-claude-3-5-sonnet-v1': { input: 3, output: 15 },
  'aws-titan-text-premier-v1': { input: 0.8, output: 3.2 },
  'openai-gpt-4o': { input: 2.5, output: 10 },
  'openai-gpt-4o-mini': { input: 0.15, output: 0.6 },
  'wxai-granite-3-2b-instruct-8k-max-tokens': { input: 0.1, output: 0.1 },
  'wxai-granite-3-8b-instruct-8k-max-tokens': { input: 0.2, output: 0.2 },
  'wxai-llama-3-1-70b-instruct': { input: 0.9, output: 0.9 },
  'wxai-llama-3-1-8b-instruct': { input: 0.2, output: 0.2 },
  'wxai-llama-3-2-1b-instruct': { input: 0.06, output: 0.06 },
  'wxai-llama-3-2-3b-instruct': { input: 0.06, output: 0.06 },
  'wxai-llama-3-3-70b-instruct': { input: 0.9, output: 0.9 },
  'wxai-llama-3-405b-instruct': { input: 3.5, output: 3.5 },
  'wxai-mixtral-8x7b-instruct-v01': { input: 0.6, output: 0.6 },
};

/**
 * SPROUT (Somerstep et al., CARROT, arXiv 2502.03261): a column for each model with `score`, `num_input_tokens`,
 * `num_output_tokens` and `response`. Costs are tokens times `prices.json` beside the files, else CARROT's prices; where
 * a model has no price, the set has no cost.
 */
export const sprout: Layout = {
  name: 'SPROUT',
  matches: (columns) => columns.has('key') && columns.has('prompt') && columns.has('golden_answer'),
  async open(input) {
    const pivot = createPivot();
    const warnings: string[] = [];
    for (const { table } of input.files) {
      const check = createCellCheck(table.name, true);
      const models = input.models ?? table.columns.filter((name) => !notModels.has(name));
      const prices = { ...carrotPrices, ...input.prices };
      const unpriced = models.find((model) => prices[model] === undefined);
      if (unpriced !== undefined) warnings.push(`${table.name}: "${unpriced}" has no price, so there are no costs`);
      let row = table.firstRow;
      for await (const batch of table.records(['key', 'dataset', 'prompt', ...models])) {
        for (const [key, group, prompt, ...cells] of batch) {
          const query = {
            sampleId: check.text(key, row, 'key'),
            prompt: check.text(prompt, row, 'prompt'),
            group: textOfCell(group) ?? '',
          };
          models.forEach((model, m) => {
            const cell = recordOf(cells[m]);
            if (cell === null) {
              if (cells[m] === null) return;
              throw dataError(table.name, row, model, 'it is no record with a score and token counts');
            }
            const [inputTokens, outputTokens] = [
              numberOf(cell['num_input_tokens']),
              numberOf(cell['num_output_tokens']),
            ];
            const price = unpriced === undefined ? prices[model] : undefined;
            pivot.add(
              {
                ...query,
                model,
                quality: check.score(cell['score'], row, model),
                costUsd: price === undefined ? Number.NaN : costOfTokens(price, inputTokens, outputTokens),
                inputTokens,
                outputTokens,
                ...(input.answers ? { answer: textOfCell(cell['response']) } : {}),
              },
              { file: table.name, row },
            );
          });
          row += 1;
        }
      }
      warnings.push(...check.warnings());
    }
    return pivot.reader(input, warnings);
  },
};
