import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createHashingEmbedder } from '../../../src/embedding/hashing.ts';
import { readRouterFile } from '../../../src/replay/outside/predictions-file.ts';
import { runReplay } from '../../../src/replay/replay.ts';
import { must, temporaryFolder } from '../helpers.ts';
import { asCsv, catsAndDogs } from '../worlds.ts';

const folder = temporaryFolder();
const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const train = write('train.csv', asCsv(catsAndDogs(120, 'train')));
const world = catsAndDogs(90, 'test');
const test = write('test.csv', asCsv(world));
const quick = {
  train,
  test,
  embedder: createHashingEmbedder({ dimensions: 64 }),
  resamples: 30,
  estimators: [],
} as const;
const models = ['dear', 'cheap'];
const truth = (row: number): readonly number[] => [...world.quality.subarray(row * 2, row * 2 + 2)];

describe('predictions from a file', () => {
  const csv = [
    'sample_id,dear,cheap,dear|total_cost,cheap|total_cost',
    ...world.sampleIds.map((id, row) => [id, ...truth(row), 0.01, 0.001].join(',')),
  ].join('\n');
  const json = world.sampleIds.map((id, row) => {
    const [dear, cheap] = truth(row);
    return JSON.stringify({ sample_id: id, quality: { dear, cheap }, cost_usd: { dear: 0.01, cheap: 0.001 } });
  });

  it('a router that knows the truth gets the oracle, as CSV and as JSONL alike', async () => {
    const files = [write('prophet.csv', csv), write('prophet2.jsonl', json.join('\n'))];
    const result = await runReplay({ ...quick, predictions: files });
    expect(result.runs.map(({ label, origin }) => [label, origin])).toEqual([
      ['cost-aware · prophet', 'original predictions, our rule'],
      ['cost-aware · prophet2', 'original predictions, our rule'],
    ]);
    const [first, second] = result.runs;
    expect(must(first).top.point.quality).toBeCloseTo(result.baselines.oracle.quality, 12);
    expect(must(second).curve).toEqual(must(first).curve);
    expect(must(must(first).calibration).all.ece).toBe(0);
    expect(result.warnings.join()).toContain('prophet.csv: what it learned from is not known here');
  });

  it('without costs takes the mean of the training rows', async () => {
    const plain = ['sample_id,dear,cheap', ...world.sampleIds.map((id, row) => [id, ...truth(row)].join(','))];
    const result = await runReplay({ ...quick, predictions: [write('no-cost.csv', plain.join('\n'))] });
    const cost = must(must(must(result.runs[0]).calibration).cost);
    expect(cost.ratioOfTotals).toBeGreaterThan(0.9);
    expect(cost.ratioOfTotals).toBeLessThan(1.1);
  });

  it('takes the choice per trade-off as it stands', async () => {
    const lines = ['10', '2'].flatMap((setting) =>
      world.sampleIds.map((id) => `${id},${setting},${setting === '2' ? 'cheap' : 'dear'}`),
    );
    const path = write('choices.csv', ['sample_id,setting,model', ...lines].join('\n'));
    const { runs, models: singles } = await runReplay({ ...quick, predictions: [path], policies: [] });
    const [run] = runs;
    expect(must(run).origin).toBe('original code');
    // Settings in the order of their numbers: 2 before 10.
    expect(must(run).curve.map(({ setting, shares }) => [setting, shares])).toEqual([
      [2, [0, 1]],
      [10, [1, 0]],
    ]);
    expect(must(must(run).curve[1]).quality).toBeCloseTo(must(singles[0]).quality, 12);
  });

  it.each([
    ['missing id', 'id,dear,cheap\na,1,1', /row 1, column "sample_id": the column is missing/],
    ['missing model', 'sample_id,dear\na,1', /row 1, column "cheap": the column of this model is missing/],
    ['half the costs', 'sample_id,dear,cheap,dear|cost\na,1,1,1', /column "cheap\|cost": the column is missing/],
    [
      'no number',
      'sample_id,dear,cheap\na,1,1\nb,1,n/a',
      /row 3, column "cheap": a finite number is needed, not "n\/a"/,
    ],
    ['negative cost', 'sample_id,dear,cheap,dear|cost,cheap|cost\na,1,1,1,-1', /a cost of 0 or more is needed/],
    ['twice', 'sample_id,dear,cheap\na,1,1\na,1,1', /row 3, column "sample_id": "a" is there twice/],
    ['unknown model', 'sample_id,model\na,gpt-9', /row 2, column "model": there is no model "gpt-9"/],
    ['no rows', 'sample_id,dear,cheap\n', /it has no rows/],
  ])('refuses %s', async (name, text, message) => {
    await expect(readRouterFile(write(`${name}.csv`, text), models)).rejects.toThrow(message);
  });

  it('names the query that it says nothing of', async () => {
    const path = write('short.csv', csv.split('\n').slice(0, -1).join('\n'));
    await expect(runReplay({ ...quick, predictions: [path] })).rejects.toThrow(
      `short.csv: it has nothing for the test query "${world.sampleIds.at(-1) ?? ''}".`,
    );
  });
});
