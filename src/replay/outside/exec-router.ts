import { systemClock, type Clock } from '../../core/clock.ts';
import { PointsmanError } from '../../core/errors.ts';
import { rowCount } from '../datasets/dataset.ts';
import type { Dataset } from '../datasets/dataset.ts';
import { promptTokensOf } from '../../wire/prompt-tokens.ts';
import { readExecAnswer, type ExecAnswer } from './exec-answer.ts';
import { startExec } from './exec-process.ts';

/** What a program said of every test query. */
export interface ExecRun {
  /** As it calls itself; null where it does not say. */
  readonly name: string | null;
  /** [N] in the order of the test rows; all of one type. */
  readonly answers: readonly ExecAnswer[];
  /** [N] from the question to its answer. Not part of any result: another run has other times. */
  readonly latencyMs: Float64Array;
}

export interface ExecSettings {
  readonly command: string;
  readonly seed: string;
  /** The trade-offs, in quality per dollar. */
  readonly lambdas: Float64Array;
  /** Null: nothing may be learned from these rows. */
  readonly train: Dataset | null;
  readonly test: Dataset;
  /** For one answer to a query. Starting and learning may take `fitTimeoutMs`. */
  readonly timeoutMs: number;
  readonly fitTimeoutMs: number;
  readonly onStep: (done: number, total: number) => void;
  /** Times the program; default the system's. */
  readonly clock?: Clock | undefined;
}

/**
 * One conversation in lines of JSON: `start` -> `ready`, any number of `train`, `fit` -> `fitted`, then each `query` ->
 * its answer, then `end`. Training rows tell the outcomes (null where unknown), queries never do. Rejects with
 * `invalid_data` in one line where the program dies, stalls or talks nonsense; it is always stopped.
 */
export async function runExec(settings: ExecSettings): Promise<ExecRun> {
  const { command, train, test, lambdas, seed, timeoutMs, fitTimeoutMs, onStep, clock = systemClock } = settings;
  const { models } = test;
  const program = startExec(command);
  try {
    const start = { type: 'start', protocol: 1, models, has_cost: test.costUsd !== null, lambdas: [...lambdas], seed };
    const ready = await program.ask(start, 'the start', fitTimeoutMs);
    const name = expect(ready, 'ready', command);
    if (train !== null) {
      for (let row = 0; row < rowCount(train); row++) await program.tell({ type: 'train', ...trainingRow(train, row) });
    }
    expect(await program.ask({ type: 'fit' }, 'the fit', fitTimeoutMs), 'fitted', command);
    const answers: ExecAnswer[] = [];
    const latencyMs = new Float64Array(rowCount(test));
    for (let row = 0; row < rowCount(test); row++) {
      const question = { type: 'query', ...questionOf(test, row) };
      const began = clock.monotonic();
      const said = await program.ask(question, `query ${JSON.stringify(question.id)}`, timeoutMs);
      latencyMs[row] = clock.monotonic() - began;
      const answer = readExecAnswer(said, { command, id: question.id, models, ways: lambdas.length });
      const [first = answer] = answers;
      const isAlike =
        first.type === answer.type &&
        (first.type !== 'chances' || answer.type !== 'chances' || first.ways === answer.ways);
      if (!isAlike) {
        const where = `its answer to query ${JSON.stringify(question.id)} is of another shape than those before it`;
        throw new PointsmanError('invalid_data', `exec "${command}": ${where}.`);
      }
      answers.push(answer);
      if (row % 64 === 63) onStep(row + 1, rowCount(test));
    }
    await program.tell({ type: 'end' });
    return { name, answers, latencyMs };
  } finally {
    await program.close();
  }
}

const questionOf = (dataset: Dataset, row: number) => ({
  id: dataset.sampleIds[row] ?? '',
  text: dataset.texts[row] ?? '',
  prompt_tokens: promptTokensOf(dataset.texts[row] ?? ''),
});

function trainingRow(dataset: Dataset, row: number): object {
  const { models, quality, costUsd } = dataset;
  const numbers = (matrix: Float64Array): (number | null)[] =>
    Array.from(matrix.subarray(row * models.length, (row + 1) * models.length), (value) =>
      Number.isNaN(value) ? null : value,
    );
  return {
    ...questionOf(dataset, row),
    group: dataset.groups[row] ?? '',
    quality: numbers(quality),
    cost_usd: costUsd === null ? null : numbers(costUsd),
  };
}

/** Its name, where it tells one. Throws `invalid_data` where it answers something else. */
function expect(answer: unknown, type: string, command: string): string | null {
  const read = (key: string): unknown =>
    typeof answer === 'object' && answer !== null ? Reflect.get(answer, key) : undefined;
  if (read('type') !== type) {
    const shown = (JSON.stringify(answer) ?? '').slice(0, 80);
    throw new PointsmanError('invalid_data', `exec "${command}": {"type":"${type}"} is needed, not ${shown}.`);
  }
  const name = read('name');
  return typeof name === 'string' && name !== '' ? name.slice(0, 80) : null;
}
