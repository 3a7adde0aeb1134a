import { createCellCheck } from '../cell-check.ts';
import { dataError } from '../data-error.ts';
import type { DatasetReader, DatasetRow, DataSource } from '../dataset.ts';
import { parsePythonList } from '../python-list.ts';
import { textOfCell, type Cell } from '../table.ts';
import { ByteSource, type RandomFile } from '../pickle/byte-source.ts';
import { readArray } from '../pickle/numpy.ts';
import { objectCell } from '../pickle/object-cell.ts';
import { Dict, type PickleValue } from '../pickle/values.ts';

export interface RouterEvalOptions {
  readonly value: PickleValue;
  readonly file: RandomFile;
  readonly name: string;
  readonly source: Omit<DataSource, 'rows'>;
  /** `easy/5/strong_to_weak`; null where the file has one pool only. */
  readonly pool: string | null;
  readonly part: 'train' | 'test' | 'all';
}

const splits = ['train', 'val', 'test'] as const;
const splitsOf = { train: ['train', 'val'], test: ['test'], all: splits } as const;
const batchRows = 1024;

/**
 * RouterEval's ready-made sets (Huang et al., arXiv 2503.10657): a pickle of `{easy: {3: {all_strong: {model, data}}},
 * hard: ..., prompt: {train_prompt, val_prompt, test_prompt}}`, `data` being a matrix of scores for each split. The
 * validation part counts as training. Null where the pickle is something else; throws `invalid_data`.
 */
export function openRouterEval(options: RouterEvalOptions): DatasetReader | null {
  const { value, file, source } = options;
  const prompts = member(value, 'prompt');
  if (prompts === null || !splits.some((split) => member(prompts, `${split}_prompt`) !== null)) return null;
  const found = poolsIn(value);
  const [only] = found.size === 1 ? found.keys() : [];
  const chosen = options.pool ?? only ?? '';
  const pool = found.get(chosen);
  if (pool === undefined) {
    const known = [...found.keys()].slice(0, 20).join(', ');
    const problem =
      chosen === '' ? 'it has several pools of models; name one of' : `it has no pool "${chosen}"; it has`;
    throw dataError(source.name, null, null, `${problem} ${known}`);
  }
  const models = valuesOf(member(pool, 'model'), file).map((model) => textOfCell(model) ?? '');
  const data = member(pool, 'data');
  const check = createCellCheck(source.name, false);
  return {
    name: options.name,
    models,
    hasCost: false,
    embeddedText: 'prompt',
    source,
    hasOwnParts: true,
    async *rows() {
      for (const split of splitsOf[options.part]) {
        const texts = valuesOf(member(prompts, `${split}_prompt`), file);
        const score = scoresOf(member(data, `${split}_score`), texts.length, models.length, file);
        let batch: DatasetRow[] = [];
        for (let i = 0; i < texts.length; i++) {
          const prompt = parsePythonList(check.text(texts[i], i + 1, `${split}_prompt`));
          const quality = models.map((model, m) => check.score(score(i, m), i + 1, model));
          const sampleId = `${split}.${i}`;
          batch.push({ sampleId, prompt, text: prompt, group: options.name, quality, costUsd: null, split });
          if (batch.length < batchRows) continue;
          yield batch;
          batch = [];
        }
        yield batch;
      }
    },
    warnings: () => check.warnings(),
  };
}

function member(value: PickleValue | undefined, key: string | number): PickleValue {
  return value instanceof Dict ? (value.entries.get(key) ?? null) : null;
}

/** Every dictionary with `model` and `data`, by the keys that lead to it. */
function poolsIn(root: PickleValue): ReadonlyMap<string, PickleValue> {
  const pools = new Map<string, PickleValue>();
  const visit = (value: PickleValue, path: readonly string[]): void => {
    if (!(value instanceof Dict) || path.length > 3) return;
    if (value.entries.has('model') && value.entries.has('data')) {
      pools.set(path.join('/'), value);
      return;
    }
    for (const [key, inner] of value.entries) visit(inner, [...path, String(key)]);
  };
  visit(root, []);
  return pools;
}

/** A list or a flat array, as cells. */
function valuesOf(value: PickleValue, file: RandomFile): readonly Cell[] {
  const source = new ByteSource(file);
  if (Array.isArray(value)) return value.map((item) => objectCell(item, source, file));
  const array = readArray(value, file);
  return array === null ? [] : Array.from({ length: array.shape[0] ?? 0 }, (_, i) => array.at(i));
}

/** A matrix [rows x models], as an array or as a list of lists. */
function scoresOf(
  value: PickleValue,
  rows: number,
  models: number,
  file: RandomFile,
): (row: number, model: number) => Cell {
  const array = readArray(value, file);
  if (array !== null && array.shape[0] === rows && array.shape[1] === models)
    return (row, model) => array.at(row * models + model);
  if (Array.isArray(value) && value.length === rows) {
    const lists = value.map((item) => valuesOf(item, file));
    if (lists.every((list) => list.length === models)) return (row, model) => lists[row]?.[model] ?? null;
  }
  throw dataError(file.name, null, null, `its scores are no matrix of ${rows} prompts x ${models} models`);
}
