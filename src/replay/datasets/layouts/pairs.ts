import { createCellCheck } from '../cell-check.ts';
import { dataError, quoteCell } from '../data-error.ts';
import { createPivot } from '../pivot.ts';
import { parsePythonList } from '../python-list.ts';
import { numberOf, textOfCell, type Cell } from '../table.ts';
import type { Layout } from './layout.ts';

/**
 * Pairwise preferences, as RouteLLM trains on them (Ong et al., arXiv 2406.18665): two models, one query, who won. The
 * winner scores 1, the loser 0, a tie gives both one half; of all other models nothing is known, so the set is partial.
 * Read are Chatbot Arena's columns (`winner_model_a, winner_model_b, winner_tie`) and a plain `winner` column
 * (`model_a`, `model_b`, `tie`, `tie (bothbad)`).
 */
export const pairs: Layout = {
  name: "pairwise preferences, as RouteLLM's and Chatbot Arena's",
  matches: (columns) => columns.has('model_a') && columns.has('model_b') && columns.has('prompt'),
  async open(input) {
    const pivot = createPivot();
    for (const { table, stem } of input.files) {
      const check = createCellCheck(table.name, false);
      const known = new Set(table.columns);
      const id = ['id', 'question_id', 'idx'].find((name) => known.has(name)) ?? '';
      const flags = ['winner_model_a', 'winner_model_b', 'winner_tie'];
      const hasFlags = flags.every((name) => known.has(name));
      if (!hasFlags && !known.has('winner')) throw dataError(table.name, 1, 'winner', 'the column is missing');
      let row = table.firstRow;
      for await (const batch of table.records([id, 'prompt', 'model_a', 'model_b', 'winner', ...flags])) {
        for (const [idCell, prompt, modelA, modelB, winner, ...won] of batch) {
          const scoreA = hasFlags ? scoreOfFlags(won) : scoreOfWinner(winner);
          if (scoreA === null) {
            const column = hasFlags ? 'winner_model_a' : 'winner';
            throw dataError(table.name, row, column, `it does not say who won: ${quoteCell(textOfCell(winner) ?? '')}`);
          }
          const query = {
            sampleId: textOfCell(idCell) ?? `${stem}.${row - table.firstRow}`,
            prompt: parsePythonList(check.text(prompt, row, 'prompt')),
            group: stem,
            costUsd: Number.NaN,
          };
          const place = { file: table.name, row };
          pivot.add({ ...query, model: check.text(modelA, row, 'model_a'), quality: scoreA }, place);
          pivot.add({ ...query, model: check.text(modelB, row, 'model_b'), quality: 1 - scoreA }, place);
          row += 1;
        }
      }
    }
    return pivot.reader(input, []);
  },
};

function scoreOfFlags([a, b, tie]: readonly (Cell | undefined)[]): number | null {
  const won = [numberOf(a), numberOf(b), numberOf(tie)];
  if (won.filter((flag) => flag === 1).length !== 1) return null;
  return won[0] === 1 ? 1 : won[1] === 1 ? 0 : 0.5;
}

function scoreOfWinner(winner: Cell | undefined): number | null {
  if (winner === 'model_a') return 1;
  if (winner === 'model_b') return 0;
  return typeof winner === 'string' && winner.startsWith('tie') ? 0.5 : null;
}
