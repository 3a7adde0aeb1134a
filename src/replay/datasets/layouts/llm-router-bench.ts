import { createCellCheck } from '../cell-check.ts';
import { dataError } from '../data-error.ts';
import { createPivot } from '../pivot.ts';
import { numberOf, recordOf, textOfCell } from '../table.ts';
import type { DataFile, Layout } from './layout.ts';

/**
 * LLMRouterBench's results (arXiv 2601.07206): `<dataset>/<split>/<model>/<time>.json`, one object with `records` of
 * `index, prompt, score, cost, prompt_tokens, completion_tokens`. Where a model ran twice, the later file counts.
 */
export const llmRouterBench: Layout = {
  name: "LLMRouterBench's results, a file for each model and task",
  matches: (columns) => columns.has('records'),
  async open(input) {
    const pivot = createPivot();
    const warnings: string[] = [];
    for (const { table, parts } of latest(input.files)) {
      const check = createCellCheck(table.name, true);
      const [dataset = '', split = '', model = ''] = parts.slice(-4);
      for await (const batch of table.records(['records', 'model_name', 'dataset_name'])) {
        for (const [records, modelName, datasetName] of batch) {
          if (!Array.isArray(records)) throw dataError(table.name, null, 'records', 'it is no list');
          const group = textOfCell(datasetName) ?? dataset;
          records.forEach((cell, i) => {
            const record = recordOf(cell);
            if (record === null) throw dataError(table.name, i + 1, 'records', 'it is no object');
            pivot.add(
              {
                sampleId: `${group}.${split}.${textOfCell(record['index']) ?? i + 1}`,
                model: textOfCell(modelName) ?? model,
                prompt: check.text(record['prompt'] ?? record['origin_query'] ?? null, i + 1, 'prompt'),
                group,
                quality: check.score(record['score'], i + 1, 'score'),
                costUsd: check.cost(record['cost'], i + 1, 'cost'),
                inputTokens: numberOf(record['prompt_tokens']),
                outputTokens: numberOf(record['completion_tokens']),
                ...(input.answers ? { answer: textOfCell(record['raw_output'] ?? record['prediction']) } : {}),
              },
              { file: table.name, row: i + 1 },
            );
          });
        }
      }
      warnings.push(...check.warnings());
    }
    return pivot.reader(input, warnings);
  },
};

/** The last file of each folder; they are named by time. */
function latest(files: readonly DataFile[]): readonly DataFile[] {
  const last = new Map<string, DataFile>();
  for (const file of files) {
    const folder = file.parts.slice(0, -1).join('/');
    const known = last.get(folder);
    if (known === undefined || (known.parts.at(-1) ?? '') < (file.parts.at(-1) ?? '')) last.set(folder, file);
  }
  return [...last.values()];
}
