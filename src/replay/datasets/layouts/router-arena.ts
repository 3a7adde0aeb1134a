import { createCellCheck } from '../cell-check.ts';
import { createPivot } from '../pivot.ts';
import { numberOf, recordOf, textOfCell } from '../table.ts';
import type { Layout } from './layout.ts';

/**
 * RouterArena's cached results (arXiv 2510.00202): a JSON Lines file for each model, `global_index`, `question`,
 * `llm_selected`, `token_usage`, `evaluation_result: {score, inference_cost}`. A call that failed or was not graded has
 * an unknown outcome. RouterArena's rules: nothing is fitted on it.
 */
export const routerArena: Layout = {
  name: "RouterArena's predictions, a file for each model",
  matches: (columns) => columns.has('global_index') && columns.has('llm_selected'),
  async open(input) {
    const pivot = createPivot();
    const warnings: string[] = [];
    for (const { table } of input.files) {
      const check = createCellCheck(table.name, true);
      const columns = [
        'global_index',
        'question',
        'llm_selected',
        'generated_answer',
        'token_usage',
        'evaluation_result',
      ];
      let row = table.firstRow;
      for await (const batch of table.records(columns)) {
        for (const [index, question, model, answer, usage, result] of batch) {
          const sampleId = check.text(index, row, 'global_index');
          const graded = recordOf(result);
          const tokens = recordOf(usage);
          pivot.add(
            {
              sampleId,
              model: check.text(model, row, 'llm_selected'),
              prompt: check.text(question, row, 'question'),
              group: sampleId.replace(/_[^_]*$/, ''),
              quality: check.score(graded?.['score'], row, 'evaluation_result.score'),
              costUsd: check.cost(graded?.['inference_cost'], row, 'evaluation_result.inference_cost'),
              inputTokens: numberOf(tokens?.['input_tokens']),
              outputTokens: numberOf(tokens?.['output_tokens']),
              ...(input.answers ? { answer: textOfCell(answer) } : {}),
            },
            { file: table.name, row },
          );
          row += 1;
        }
      }
      warnings.push(...check.warnings());
    }
    const reader = pivot.reader(input, warnings);
    return { ...reader, source: { ...input.source, use: 'evaluation-only' } };
  },
};
