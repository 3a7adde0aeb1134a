import { createCellCheck } from '../cell-check.ts';
import { createPivot } from '../pivot.ts';
import { dataError } from '../data-error.ts';
import { recordOf } from '../table.ts';
import type { Layout } from './layout.ts';

/**
 * RouterDC's JSON (Chen et al., arXiv 2409.19886): `[{"question": ..., "scores": {"<model>": 0.6}}]`, one file for each
 * task and split, `arc_challenge_train.json`. A row's id is its file and its place; its group is the file without the split.
 */
export const scoreLists: Layout = {
  name: "RouterDC's score lists",
  matches: (columns) => columns.has('scores') && columns.has('question'),
  async open(input) {
    const pivot = createPivot();
    const warnings: string[] = [];
    for (const { table, stem } of input.files) {
      const check = createCellCheck(table.name, true);
      const group = stem.replace(/[_-](train|test)$/, '');
      let row = table.firstRow;
      for await (const batch of table.records(['question', 'scores'])) {
        for (const [question, scores] of batch) {
          const list = Object.entries(recordOf(scores) ?? {});
          if (list.length === 0) throw dataError(table.name, row, 'scores', 'there is no score of any model');
          const query = {
            sampleId: `${stem}.${row - table.firstRow}`,
            prompt: check.text(question, row, 'question'),
            group,
            costUsd: Number.NaN,
          };
          for (const [model, score] of list) {
            pivot.add({ ...query, model, quality: check.score(score, row, model) }, { file: table.name, row });
          }
          row += 1;
        }
      }
      warnings.push(...check.warnings());
    }
    return pivot.reader(input, warnings);
  },
};
