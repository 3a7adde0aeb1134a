import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { collectDataset, takeRows, type Dataset } from '../../../src/replay/datasets/dataset.ts';
import { openDataset, type Part } from '../../../src/replay/datasets/open-dataset.ts';
import { must, temporaryFolder } from '../helpers.ts';

const root = temporaryFolder();
let made = 0;

/** A folder with these files; names that end in `.gz` are compressed. */
function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = join(root, `set-${++made}`);
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), name.endsWith('.gz') ? gzipSync(text) : text);
  }
  return folder;
}

async function read(path: string, part: Part = 'all'): Promise<Dataset> {
  const { reader } = await openDataset(path, part);
  return collectDataset(reader);
}

const head = 'sample_id,prompt,eval_name,x/one,two@v2,x/one|total_cost,two@v2|total_cost,oracle_model_to_route_to';
const wide = `${head}\nq.1,"['Say ""hi""']",chat,1.0,0.25,0.002,1e-05,x/one\nq.2,plain,math,0,1,0.004,0.0,two@v2\n`;

describe('a wide table', () => {
  it('becomes columns: prompts read, models in order, costs beside qualities', async () => {
    const dataset = await read(join(folderOf({ 'table.csv': wide }), 'table.csv'));
    expect(dataset).toMatchObject({
      name: 'table',
      models: ['x/one', 'two@v2'],
      embeddedText: 'prompt',
      sampleIds: ['q.1', 'q.2'],
      prompts: ['Say "hi"', 'plain'],
      texts: ['Say "hi"', 'plain'],
      groups: ['chat', 'math'],
      warnings: [],
    });
    expect([...dataset.quality]).toEqual([1, 0.25, 0, 1]);
    expect([...must(dataset.costUsd)]).toEqual([0.002, 1e-5, 0.004, 0]);
    expect(dataset.sources).toMatchObject([{ name: 'table.csv', licence: null, use: 'unstated', rows: 2 }]);
  });

  it('without cost columns has no cost, rather than none to pay', async () => {
    const dataset = await read(
      join(folderOf({ 'a.csv': 'sample_id,prompt,eval_name,m,m|latency_s\n1,p,g,0.5,3\n' }), 'a.csv'),
    );
    expect(dataset.models).toEqual(['m']);
    expect(dataset.costUsd).toBeNull();
  });

  it('takes scores just outside the scale for its ends, and counts them', async () => {
    const rows = 'sample_id,prompt,m\n1,p,-0.03\n2,q,1.02\n3,r,0.5\n';
    const dataset = await read(join(folderOf({ 'a.csv': rows }), 'a.csv'));
    expect([...dataset.quality]).toEqual([0, 1, 0.5]);
    expect(dataset.warnings).toEqual(['a.csv: 2 scores just outside 0 to 1 were taken as 0 or 1']);
  });

  const broken: readonly (readonly [string, string, string])[] = [
    [
      'a score that is no number',
      wide.replace(',0.25,', ',good,'),
      'row 2, column "two@v2": a score from 0 to 1 is needed, not "good".',
    ],
    ['an empty score', wide.replace(',0.25,', ',,'), 'row 2, column "two@v2": a score from 0 to 1 is needed, not "".'],
    [
      'a score on another scale',
      wide.replace(',0.25,', ',25,'),
      'row 2, column "two@v2": a score from 0 to 1 is needed, not "25".',
    ],
    [
      'a NaN cost',
      wide.replace('1e-05', 'NaN'),
      'row 2, column "two@v2|total_cost": a cost in dollars is needed, not "NaN".',
    ],
    [
      'an infinite cost',
      wide.replace('1e-05', 'inf'),
      'row 2, column "two@v2|total_cost": a cost in dollars is needed, not "inf".',
    ],
    [
      'a negative cost',
      wide.replace('1e-05', '-1'),
      'row 2, column "two@v2|total_cost": a cost in dollars is needed, not "-1".',
    ],
    ['rows of unequal length', wide.replace('plain,math', 'plain'), 'row 3: 7 fields where the header has 8.'],
    ['an id that comes twice', wide.replace('q.2', 'q.1'), 'row 3, column "sample_id": "q.1" was already in row 2.'],
    ['an empty id', wide.replace('q.2', ''), 'row 3, column "sample_id": it is empty.'],
    ['no rows', `${head}\n`, 'it has no rows.'],
    ['nothing at all', '', 'it is empty.'],
    ['no sample_id', wide.replace('sample_id', 'id'), 'row 1, column "sample_id": the column is missing.'],
    ['no model', 'sample_id,prompt,eval_name\n1,p,g\n', 'row 1: no column is a model.'],
    [
      'a cost for one model only',
      wide.replace('two@v2|total_cost', 'two@v2|price'),
      'row 1, column "two@v2|total_cost": this model has no cost, others have.',
    ],
    ['a column twice', wide.replace('two@v2,', 'x/one,'), 'row 1, column "x/one": the column is there twice.'],
  ];
  it.each(broken)('refuses %s', async (_, text, message) => {
    await expect(read(join(folderOf({ 'a.csv': text }), 'a.csv'))).rejects.toMatchObject({
      code: 'invalid_data',
      message: expect.stringMatching(/^a\.csv/),
    });
    await expect(read(join(folderOf({ 'a.csv': text }), 'a.csv'))).rejects.toThrow(message);
  });
});

describe('a folder', () => {
  const meta = JSON.stringify({
    name: 'small-set',
    models: ['two@v2', 'x/one'],
    files: { 'train.csv.gz': 2 },
    sources: [{ repo: 'r', licence: 'MIT' }, { licence: 'MIT' }, { licence: 'CC-BY-4.0' }],
    use: 'research',
    quality: 'ignored',
  });
  const queries = 'sample_id,query\nq.2,second question\nq.1,first question\n';

  it('gives its models in the order of meta.json, its licence and use, and the question alone to embed', async () => {
    const folder = folderOf({ 'meta.json': meta, 'train.csv.gz': wide, 'query_text.csv.gz': queries });
    for (const path of [folder, join(folder, 'train.csv.gz')]) {
      const dataset = await read(path, 'train');
      expect(dataset).toMatchObject({
        name: 'small-set',
        models: ['two@v2', 'x/one'],
        embeddedText: 'query_text',
        texts: ['first question', 'second question'],
        prompts: ['Say "hi"', 'plain'],
      });
      expect([...dataset.quality]).toEqual([0.25, 1, 1, 0]);
      expect(dataset.sources).toMatchObject([
        { name: 'small-set/train.csv.gz', licence: 'MIT; CC-BY-4.0', use: 'research', rows: 2 },
      ]);
    }
  });

  it('gives the part that is asked for, else all of it', async () => {
    const other = wide.replaceAll('q.', 't.');
    const split = folderOf({ 'train.csv': wide, 'test.csv': other });
    expect((await read(split, 'test')).sampleIds).toEqual(['t.1', 't.2']);
    const whole = folderOf({ 'all.csv.gz': wide });
    expect((await read(whole, 'test')).sampleIds).toEqual(['q.1', 'q.2']);
    expect((await openDataset(whole, 'train')).file).toBe((await openDataset(whole, 'test')).file);
  });

  it('names what is wrong with it', async () => {
    const missing = meta.replace('x/one', 'x/three');
    await expect(read(folderOf({ 'meta.json': missing, 'all.csv': wide }))).rejects.toThrow(
      'small-set/all.csv, row 1, column "x/three": the column of this model is missing.',
    );
    await expect(read(folderOf({ 'meta.json': '{', 'all.csv': wide }))).rejects.toThrow(
      /meta\.json: it cannot be read/,
    );
    await expect(read(folderOf({ 'meta.json': '{"models":[1]}', 'all.csv': wide }))).rejects.toThrow(
      /meta\.json: "models\/0"/,
    );
    await expect(read(folderOf({ 'notes.txt': '' }), 'test')).rejects.toThrow(
      'the folder has none of test.csv.gz, test.csv, all.csv.gz, all.csv, and no other',
    );
    await expect(read('/dev/null')).rejects.toThrow('it is neither a file nor a folder');
    await expect(read(join(root, 'nowhere'))).rejects.toThrow('there is no such file or folder');
    const gap = folderOf({ 'meta.json': meta, 'all.csv': wide, 'query_text.csv': 'sample_id,query\nq.1,a\n' });
    await expect(read(gap)).rejects.toThrow('row 3, column "sample_id": query_text has no "q.2".');
  });
});

describe('takeRows', () => {
  it('keeps every column in step', async () => {
    const dataset = await read(join(folderOf({ 'a.csv': wide }), 'a.csv'));
    const turned = takeRows(dataset, [1, 0, 1]);
    expect(turned.sampleIds).toEqual(['q.2', 'q.1', 'q.2']);
    expect(turned.groups).toEqual(['math', 'chat', 'math']);
    expect([...turned.quality]).toEqual([0, 1, 1, 0.25, 0, 1]);
    expect([...must(turned.costUsd)]).toEqual([0.004, 0, 0.002, 1e-5, 0.004, 0]);
  });
});
