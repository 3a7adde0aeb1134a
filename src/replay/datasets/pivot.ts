import { dataError } from './data-error.ts';
import type { DatasetReader, DatasetRow, RowExtra } from './dataset.ts';
import type { LayoutInput } from './layouts/layout.ts';

/** What one model made of one query. Unknown numbers are NaN. */
export interface Outcome {
  readonly sampleId: string;
  readonly model: string;
  readonly prompt: string;
  readonly group: string;
  readonly quality: number;
  readonly costUsd: number;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly answer?: string | null;
}

interface Place {
  readonly file: string;
  readonly row: number;
}

interface Query {
  readonly prompt: string;
  readonly group: string;
  readonly quality: number[];
  readonly cost: number[];
  readonly input: number[];
  readonly output: number[];
  readonly answers: (string | null)[];
}

const batchRows = 1024;

/**
 * Turns files with a row for each query and model into rows with a column for each model. Holds every prompt once and a
 * few numbers a cell.
 */
export interface Pivot {
  /** The query is known, so its prompt and group need not be read again. */
  has(sampleId: string): boolean;
  /** Throws `invalid_data` where the model has an outcome for this query already. */
  add(outcome: Outcome, place: Place): void;
  /** What was added, in the order in which the queries came. */
  reader(input: LayoutInput, warnings: readonly string[]): DatasetReader;
}

export function createPivot(): Pivot {
  const queries = new Map<string, Query>();
  const models = new Map<string, number>();
  let cells = 0;
  let costCells = 0;
  let hasTokens = false;
  let hasAnswers = false;

  return {
    has: (sampleId) => queries.has(sampleId),
    add(outcome, place) {
      const model = models.get(outcome.model) ?? models.size;
      models.set(outcome.model, model);
      let query = queries.get(outcome.sampleId);
      if (query === undefined) {
        query = {
          prompt: outcome.prompt,
          group: outcome.group,
          quality: [],
          cost: [],
          input: [],
          output: [],
          answers: [],
        };
        queries.set(outcome.sampleId, query);
      }
      if (query.quality[model] !== undefined) {
        throw dataError(
          place.file,
          place.row,
          null,
          `"${outcome.model}" has an outcome for "${outcome.sampleId}" already`,
        );
      }
      query.quality[model] = outcome.quality;
      query.cost[model] = outcome.costUsd;
      query.input[model] = outcome.inputTokens ?? Number.NaN;
      query.output[model] = outcome.outputTokens ?? Number.NaN;
      if (outcome.answer !== undefined) query.answers[model] = outcome.answer;
      if (!Number.isNaN(outcome.quality)) cells += 1;
      if (!Number.isNaN(outcome.costUsd)) costCells += 1;
      hasTokens ||= outcome.inputTokens !== undefined && outcome.outputTokens !== undefined;
      hasAnswers ||= outcome.answer !== undefined;
    },
    reader(input, warnings) {
      const names = [...models.keys()];
      const hasCost = costCells > 0;
      const all = queries.size * models.size;
      const fill = (values: readonly number[]): number[] => names.map((_, m) => values[m] ?? Number.NaN);
      const toRow = (sampleId: string, query: Query): DatasetRow => ({
        sampleId,
        prompt: query.prompt,
        text: input.queryText?.get(sampleId) ?? query.prompt,
        group: query.group,
        quality: fill(query.quality),
        costUsd: hasCost ? fill(query.cost) : null,
        ...(hasTokens ? { tokens: { input: fill(query.input), output: fill(query.output) } } : {}),
        ...(hasAnswers ? { answers: names.map((_, m) => query.answers[m] ?? null) } : {}),
      });
      const extras: RowExtra[] = [
        ...(hasTokens ? ['tokens' as const] : []),
        ...(hasAnswers ? ['answers' as const] : []),
      ];
      return {
        name: input.name,
        models: names,
        hasCost,
        embeddedText: input.queryText === null ? 'prompt' : 'query_text',
        source: input.source,
        partial: cells < all || (hasCost && costCells < all),
        extras,
        async *rows() {
          let batch: DatasetRow[] = [];
          for (const [sampleId, query] of queries) {
            batch.push(toRow(sampleId, query));
            if (batch.length < batchRows) continue;
            yield batch;
            batch = [];
          }
          yield batch;
        },
        warnings: () => warnings,
      };
    },
  };
}
