import { createCellCheck } from '../cell-check.ts';
import { dataError } from '../data-error.ts';
import { createPivot } from '../pivot.ts';
import { numberOf, textOfCell } from '../table.ts';
import type { Layout } from './layout.ts';

const weak = 'mixtral-8x7b-instruct-v0.1';
const strong = 'gpt-4-1106-preview';

/**
 * RouteLLM's GPT-4-judged set (`prompt, source, gpt4_response, mixtral_response, mixtral_score`): the weak model's answer
 * is judged from 1 to 5 with the strong model's as the reference. Read as (score - 1) / 4 for the weak and 1 for the
 * strong model, so that the difference is what the judge said.
 */
export const judgedPair: Layout = {
  name: "RouteLLM's GPT-4-judged answers",
  matches: (columns) => columns.has('mixtral_score') && columns.has('prompt'),
  async open(input) {
    const pivot = createPivot();
    for (const { table, stem } of input.files) {
      const check = createCellCheck(table.name, false);
      let row = table.firstRow;
      for await (const batch of table.records(['prompt', 'source', 'mixtral_score'])) {
        for (const [prompt, group, score] of batch) {
          const judged = numberOf(score);
          if (!(judged >= 1 && judged <= 5)) {
            throw dataError(
              table.name,
              row,
              'mixtral_score',
              `a score from 1 to 5 is needed, not "${textOfCell(score) ?? ''}"`,
            );
          }
          const query = {
            sampleId: `${stem}.${row - table.firstRow}`,
            prompt: check.text(prompt, row, 'prompt'),
            group: textOfCell(group) ?? '',
            costUsd: Number.NaN,
          };
          const place = { file: table.name, row };
          pivot.add({ ...query, model: weak, quality: (judged - 1) / 4 }, place);
          pivot.add({ ...query, model: strong, quality: 1 }, place);
          row += 1;
        }
      }
    }
    return pivot.reader(input, []);
  },
};
