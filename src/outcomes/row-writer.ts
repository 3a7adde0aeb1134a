import { unpackCells, type Cell } from './cells.ts';
import { storageFault, type Database } from './database.ts';
import {
  attemptWidth,
  completionWidth,
  decisionColumns,
  decisionWidth,
  modelSeparator,
  place,
  type PackedRows,
} from './row-batch.ts';

export interface Refusals {
  count: number;
  /** Why, of the first. */
  because: string | null;
}

/** Writes packed rows. Must run inside a transaction. */
export interface RowWriter {
  /**
   * Writing the same rows again changes nothing, so a batch whose answer was lost may be repeated. A row that can never
   * be stored is counted in `refusals` and skipped; any other fault is thrown and the whole batch is to be rolled back.
   */
  write(rows: PackedRows, refusals: Refusals): void;
}

const marks = (count: number): string => Array.from({ length: count }, () => '?').join(', ');

/** Candidate lists repeat from row to row; more distinct ones than this are not worth remembering. */
const candidateListLimit = 1000;

export function createRowWriter(database: Database, embedder: string | null): RowWriter {
  const columns = [
    ...decisionColumns,
    'candidates',
    'propensities',
    'predicted',
    'predictions',
    'embedder',
    'embedding',
  ];
  const insertDecision = database.prepare<[(Cell | Buffer)[]], never>(
    `INSERT INTO decisions (${columns.join(', ')}) VALUES (${marks(columns.length)}) ON CONFLICT (id) DO NOTHING`,
  );
  const findDecision = database.prepare<[Cell], { number: number }>('SELECT number FROM decisions WHERE id = ?');
  const complete = database.prepare<[Cell, Cell, Cell], { number: number }>(
    'UPDATE decisions SET served_model = ?, fallback = ?, completed = 1 WHERE id = ? RETURNING number',
  );
  const insertAttempt = database.prepare<[Cell[]], never>(
    `INSERT INTO attempts VALUES (${marks(attemptWidth)}) ON CONFLICT (decision_number, position) DO NOTHING`,
  );
  const candidateLists = new Map<string, string>();

  const candidateList = (joined: string): string => {
    let json = candidateLists.get(joined);
    if (json === undefined) {
      json = JSON.stringify(joined === '' ? [] : joined.split(modelSeparator));
      if (candidateLists.size === candidateListLimit) candidateLists.clear();
      candidateLists.set(joined, json);
    }
    return json;
  };

  /** Runs one row's statement; null where the row was refused. */
  const attemptRow = <Result>(refusals: Refusals, run: () => Result): Result | null => {
    try {
      return run();
    } catch (error) {
      const fault = storageFault(error);
      if (fault.kind !== 'row') throw error;
      refusals.count++;
      refusals.because ??= fault.message;
      return null;
    }
  };

  /** Numbers of the decisions in the batch; null where one was refused. */
  const writeDecisions = (rows: PackedRows, refusals: Refusals): (number | null)[] => {
    const { doubles, floats } = rows;
    const decisions = unpackCells(rows.decisions);
    const doubleBytes = Buffer.from(doubles.buffer, doubles.byteOffset, doubles.byteLength);
    const floatBytes = Buffer.from(floats.buffer, floats.byteOffset, floats.byteLength);
    const numbers: (number | null)[] = [];
    let doubleOffset = 0;
    let floatOffset = 0;
    for (let start = 0; start < decisions.length; start += decisionWidth) {
      const blobSize = Number(decisions[start + place.candidateCount]) * 8;
      const predictionSize = blobSize * 2 * Number(decisions[start + place.predictedCount]);
      const embeddingSize = Number(decisions[start + place.dimensions]) * 4;
      const predictionStart = doubleOffset + blobSize;
      const values: (Cell | Buffer)[] = decisions.slice(start, start + decisionColumns.length);
      values.push(
        candidateList(String(decisions[start + place.candidates])),
        doubleBytes.subarray(doubleOffset, predictionStart),
        decisions[start + place.predicted] ?? null,
        predictionSize === 0 ? null : doubleBytes.subarray(predictionStart, predictionStart + predictionSize),
        embeddingSize === 0 ? null : embedder,
        embeddingSize === 0 ? null : floatBytes.subarray(floatOffset, floatOffset + embeddingSize),
      );
      doubleOffset = predictionStart + predictionSize;
      floatOffset += embeddingSize;
      const done = attemptRow(refusals, () => insertDecision.run(values));
      if (done === null) numbers.push(null);
      else if (done.changes === 1) numbers.push(Number(done.lastInsertRowid));
      else numbers.push(findDecision.get(decisions[start] ?? null)?.number ?? null);
    }
    return numbers;
  };

  const writeCompletions = (rows: PackedRows, refusals: Refusals): Map<Cell, number> => {
    const completions = unpackCells(rows.completions);
    const numbers = new Map<Cell, number>();
    for (let start = 0; start < completions.length; start += completionWidth) {
      const id = completions[start] ?? null;
      const row = attemptRow(refusals, () =>
        complete.get(completions[start + 1] ?? null, completions[start + 2] ?? null, id),
      );
      if (row === null) continue;
      if (row === undefined) {
        refusals.count++;
        refusals.because ??= 'the decision of a completion was never stored';
      } else numbers.set(id, row.number);
    }
    return numbers;
  };

  return {
    write(rows, refusals) {
      const numbers = writeDecisions(rows, refusals);
      const earlier = writeCompletions(rows, refusals);
      const attempts = unpackCells(rows.attempts);
      for (let start = 0; start < attempts.length; start += attemptWidth) {
        const owner = attempts[start] ?? null;
        const number = typeof owner === 'number' ? numbers[owner] : earlier.get(owner);
        if (number === undefined || number === null) continue;
        const values = attempts.slice(start, start + attemptWidth);
        values[0] = number;
        attemptRow(refusals, () => insertAttempt.run(values));
      }
    },
  };
}
