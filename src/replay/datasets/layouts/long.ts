import { createCellCheck } from '../cell-check.ts';
import { isMissing, textOfCell } from '../table.ts';
import { createPivot } from '../pivot.ts';
import { parsePythonList } from '../python-list.ts';
import type { Layout } from './layout.ts';

/** What the columns are called: RouterBench's `routerbench_raw.pkl`, EmbedLLM's CSV files, and what people write. */
const names = {
  id: ['sample_id', 'prompt_id', 'question_id'],
  model: ['model_name', 'model'],
  score: ['performance', 'score', 'label', 'correctness', 'quality'],
  prompt: ['prompt', 'question'],
  group: ['eval_name', 'category', 'dataset'],
  cost: ['total_cost', 'cost', 'cost_usd'],
  answer: ['model_response', 'response'],
};

const find = (columns: ReadonlySet<string>, which: keyof typeof names): string | undefined =>
  names[which].find((name) => columns.has(name));

/**
 * A row for each query and model. RouterBench's raw form (Hu et al., arXiv 2403.12031) and EmbedLLM's correctness data
 * (Zhuang et al., arXiv 2410.02223: `prompt_id, model_id, category_id, label, model_name, prompt, category`).
 */
export const long: Layout = {
  name: "a row for each query and model, as RouterBench's raw form and EmbedLLM have it",
  matches: (columns) =>
    (['id', 'model', 'score', 'prompt'] as const).every((which) => find(columns, which) !== undefined),
  async open(input) {
    const pivot = createPivot();
    const warnings: string[] = [];
    for (const { table } of input.files) {
      const known = new Set(table.columns);
      const column = (which: keyof typeof names): string => find(known, which) ?? '';
      const check = createCellCheck(table.name, true);
      const wanted = (['id', 'model', 'score', 'prompt', 'group', 'cost'] as const).map(column);
      if (input.answers) wanted.push(column('answer'));
      const hasAnswer = input.answers && column('answer') !== '';
      let row = table.firstRow;
      for await (const batch of table.records(wanted)) {
        for (const [id, model, score, prompt, group, cost, answer] of batch) {
          const sampleId = check.text(id, row, column('id'));
          const isKnown = pivot.has(sampleId);
          pivot.add(
            {
              sampleId,
              model: check.text(model, row, column('model')),
              prompt: isKnown ? '' : parsePythonList(check.text(prompt, row, column('prompt'))),
              group: textOfCell(group) ?? '',
              quality: check.score(score, row, column('score')),
              costUsd: isMissing(cost) ? Number.NaN : check.cost(cost, row, column('cost')),
              ...(hasAnswer ? { answer: textOfCell(answer) } : {}),
            },
            { file: table.name, row },
          );
          row += 1;
        }
      }
      warnings.push(...check.warnings());
    }
    return pivot.reader(input, warnings);
  },
};
