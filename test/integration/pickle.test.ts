import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { collectDataset } from '../../src/replay/datasets/dataset.ts';
import { loadRows } from '../../src/replay/load-splits.ts';
import { openDataset } from '../../src/replay/datasets/open-dataset.ts';
import { openContent } from '../../src/replay/datasets/open-table.ts';
import type { Cell } from '../../src/replay/datasets/table.ts';
import { expectedCells, pythonWithPandas, readCells } from '../helpers/pickles.ts';
import { temporaryFolder } from '../replay/helpers.ts';

const python = pythonWithPandas();
const folder = temporaryFolder();
if (python !== null) {
  const script = fileURLToPath(new URL('../../scripts/make-pickles.py', import.meta.url));
  const made = spawnSync(python, [script, folder], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`the pickles could not be made: ${made.stderr}`);
}
const names = readdirSync(folder);
const tables = names.filter((name) => /\.[0-5]\.pkl$/.test(name));
const packed = names.filter((name) => /\.pkl\.(gz|zip)$/.test(name));
const expectedOf = (name: string) => expectedCells(join(folder, `${name.split('.')[0] ?? ''}.json`));

async function cellsOf(path: string): Promise<unknown> {
  const content = await openContent(path, 'x.pkl');
  if (content.type !== 'table') return content.type;
  const { columns } = content.table;
  const rows: (readonly Cell[])[] = [];
  for await (const batch of content.table.records(columns)) rows.push(...batch);
  return { columns, rows };
}

describe.skipIf(python === null)('the installed pandas', () => {
  it('made all that is checked here', () => {
    expect(tables.length).toBeGreaterThan(40);
    expect(packed).toHaveLength(4);
  });

  it.each(tables)('%s gives every cell', (name) => {
    expect(readCells(join(folder, name))).toEqual(expectedOf(name));
  });

  it.each(packed)('%s gives every cell', async (name) => {
    expect(await cellsOf(join(folder, name))).toEqual(expectedOf(name));
  });

  it("writes RouterBench's wide form as a data set", async () => {
    const { reader } = await openDataset(join(folder, 'by-row.4.pkl'), 'all').catch((error: unknown) => ({
      reader: error,
    }));
    expect(reader).toMatchObject({
      code: 'invalid_data',
      message: expect.stringContaining('no known data set: a, b, c, d'),
    });
    const mixed = openDataset(join(folder, 'mixed.5.pkl'), 'all');
    await expect(mixed).rejects.toThrow('row 1, column "large|total_cost": this model has no cost, others have.');
  });

  it("writes RouterBench's long form, which is turned into a row for each query", async () => {
    const { reader } = await openDataset(join(folder, 'long.pkl'), 'all', { answers: true });
    const answers: unknown[] = [];
    for await (const batch of reader.rows()) answers.push(...batch.map((row) => row.answers));
    expect(answers[3]).toEqual(['answer 3 of weak', 'answer 3 of strong']);
    const dataset = await collectDataset(reader);
    expect(dataset).toMatchObject({
      models: ['weak', 'strong'],
      sampleIds: ['q.0', 'q.1', 'q.2', 'q.3'],
      prompts: ['question 0', 'question 1', 'question 2', 'question 3'],
      groups: ['task', 'task', 'task', 'task'],
    });
    expect([...dataset.quality]).toEqual([0, 1, 1, 1, 0, 1, 1, 1]);
    expect([...(dataset.costUsd ?? [])]).toEqual([0.001, 0.002, 0.001, 0.002, 0.001, 0.002, 0.001, 0.002]);
  });

  it("writes RouterEval's sets", async () => {
    const path = join(folder, 'arc_router_dataset.pkl');
    await expect(openDataset(path, 'all')).rejects.toThrow(
      'arc_router_dataset.pkl: it has several pools of models; name one of easy/3/all_strong, easy/5/all_weak.',
    );
    const scores: Record<string, number[][]> = JSON.parse(readFileSync(join(folder, 'router-eval.json'), 'utf8'));
    const opened = await openDataset(path, 'all', { pool: 'easy/5/all_weak' });
    const dataset = await collectDataset(opened.reader);
    expect(dataset.models).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(dataset.prompts).toEqual(['p0', 'p1', 'p2', 'v0', 't0', 't1']);
    expect([...dataset.quality].slice(0, 15)).toEqual(scores['5']?.flat());
    const test = await openDataset(path, 'test', { pool: 'easy/3/all_strong' });
    expect((await collectDataset(test.reader)).prompts).toEqual(['t0', 't1']);
    // A replay takes its parts as they are; a set in one piece it would split by a hash.
    const open = { pool: 'easy/3/all_strong' };
    const asked = { train: path, test: null, protocol: { type: 'file' as const }, seed: '0', open };
    const loaded = await loadRows(asked, () => undefined);
    expect(loaded.pool.prompts).toEqual(['p0', 'p1', 'p2', 'v0', 't0', 't1']);
    expect(loaded).toMatchObject({ train: [0, 1, 2, 3], test: [4, 5] });
  });
});
