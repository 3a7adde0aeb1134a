import { createCellCheck } from '../cell-check.ts';
import { concatReaders } from '../concat-readers.ts';
import { dataError } from '../data-error.ts';
import type { DatasetReader } from '../dataset.ts';
import { parsePythonList } from '../python-list.ts';
import { textOfCell } from '../table.ts';
import type { DataFile, Layout, LayoutInput } from './layout.ts';

const answerSuffix = '_response';

/**
 * `prompt` and a column of True and False (or scores) for each model, as RouteLLM keeps MMLU and GSM8K: one file for
 * each subject, answers in `<model>_response`. A row's id is its file and its place, its group the file.
 */
export const correctness: Layout = {
  name: "a correctness matrix, as RouteLLM's MMLU and GSM8K",
  matches: (columns) => columns.has('prompt') && columns.size > 1,
  open(input) {
    const [first, ...others] = input.files.map((file) => openFile(file, input));
    if (first === undefined) throw dataError(input.source.name, null, null, 'it has no files');
    return { ...concatReaders([first, ...others]), source: input.source };
  },
};

function openFile({ table, stem }: DataFile, input: LayoutInput): DatasetReader {
  const check = createCellCheck(table.name, input.partial);
  const models = input.models ?? table.columns.filter((name) => name !== 'prompt' && !name.endsWith(answerSuffix));
  for (const model of models) {
    if (!table.columns.includes(model)) throw dataError(table.name, 1, model, 'the column of this model is missing');
  }
  const hasAnswers = input.answers && models.every((model) => table.columns.includes(model + answerSuffix));
  const columns = ['prompt', ...models, ...(hasAnswers ? models.map((model) => model + answerSuffix) : [])];
  return {
    name: input.name,
    models,
    hasCost: false,
    embeddedText: 'prompt',
    source: { ...input.source, name: table.name },
    ...(input.partial ? { partial: true } : {}),
    ...(hasAnswers ? { extras: ['answers' as const] } : {}),
    async *rows() {
      let row = table.firstRow;
      for await (const batch of table.records(columns)) {
        yield batch.map((record) => {
          const prompt = parsePythonList(check.text(record[0], row, 'prompt'));
          const quality = models.map((model, m) => check.score(record[m + 1], row, model));
          const sampleId = `${stem}.${row - table.firstRow}`;
          row += 1;
          const plain = { sampleId, prompt, text: prompt, group: stem, quality, costUsd: null };
          if (!hasAnswers) return plain;
          return { ...plain, answers: models.map((_, m) => textOfCell(record[m + 1 + models.length])) };
        });
      }
    },
    warnings: () => check.warnings(),
  };
}
