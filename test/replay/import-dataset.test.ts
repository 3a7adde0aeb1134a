import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openDecisionLog } from '../../src/outcomes/log.ts';
import { collectDataset } from '../../src/replay/datasets/dataset.ts';
import { openDataset } from '../../src/replay/datasets/open-dataset.ts';
import { refuseToFitOn } from '../../src/replay/load-splits.ts';
import { importDataset, type ImportOptions } from '../../src/replay/import-dataset.ts';
import { sampleCaller, sampleCompletion, sampleRecord, sampleReward } from '../helpers/store-samples.ts';
import { settled, temporaryStore } from '../helpers/store-temporary.ts';
import { sharedData, temporaryFolder } from './helpers.ts';

const root = temporaryFolder();
let made = 0;

/** A fresh folder with this file in it. */
function place(name: string, content: string | Buffer): { readonly folder: string; readonly source: string } {
  const folder = join(root, `${++made}`);
  mkdirSync(folder);
  const source = join(folder, name);
  writeFileSync(source, content);
  return { folder, source };
}

const run = (options: ImportOptions) => importDataset(options, () => undefined);
const read = async (path: string) => collectDataset((await openDataset(path, 'all')).reader);

const list = JSON.stringify([
  { question: 'first, "quoted"\nline', scores: { a: 0.5, b: 1 } },
  { question: 'second', scores: { a: 0, b: 0.125 } },
]);

describe('import', () => {
  it('writes the wide layout, which reads back as what was there', async () => {
    const { folder, source } = place('task_train.json', list);
    const result = await run({ source, out: join(folder, 'out.csv.gz') });
    expect(result).toMatchObject({ rows: 2, models: ['a', 'b'], hasCost: false, warnings: [] });
    expect(gunzipSync(readFileSync(join(folder, 'out.csv.gz'))).toString()).toBe(
      'sample_id,prompt,eval_name,a,b\ntask_train.0,"first, ""quoted""\nline",task,0.5,1\ntask_train.1,second,task,0,0.125\n',
    );
    const { name: _, sources: __, ...again } = await read(join(folder, 'out.csv.gz'));
    const { name: ___, sources: ____, ...before } = await read(source);
    expect(again).toEqual(before);
  });

  it('keeps any text and number', async () => {
    const row = fc.record({
      question: fc.string({ unit: 'binary', minLength: 1 }).filter((text) => text.trim() !== ''),
      scores: fc.record({
        'org/a': fc.double({ min: 0, max: 1, noNaN: true }),
        b: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 6 }), async (rows) => {
        const { folder, source } = place('x.json', JSON.stringify(rows));
        await run({ source, out: join(folder, 'o.csv') });
        const [before, after] = [await read(source), await read(join(folder, 'o.csv'))];
        expect(after.prompts).toEqual(before.prompts);
        expect(after.quality.map(Math.abs)).toEqual(before.quality.map(Math.abs));
      }),
      { numRuns: 60, seed: 5 },
    );
  });

  it('leaves nothing behind where the source is wrong, however late that shows', async () => {
    const rows = Array.from({ length: 3000 }, (_, i) => `id${i},p${i},g,${i === 2900 ? 'bad' : 1}`);
    const { folder, source } = place('t.csv', `sample_id,prompt,eval_name,m\n${rows.join('\n')}\n`);
    await expect(run({ source, out: join(folder, 'out.csv.gz') })).rejects.toThrow('t.csv, row 2902, column "m"');
    expect(readdirSync(folder)).toEqual(['t.csv']);
    const twice = place('t.csv', 'sample_id,prompt,m\n1,p,1\n1,q,1\n');
    await expect(run({ source: twice.source, out: join(twice.folder, 'o.csv') })).rejects.toThrow('"1" is there twice');
    expect(readdirSync(twice.folder)).toEqual(['t.csv']);
  });

  it('replaces nothing unasked', async () => {
    const { folder, source } = place('x.json', list);
    const out = join(folder, 'out.csv');
    writeFileSync(out, 'mine');
    await expect(run({ source, out })).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('--force'),
    });
    expect(readFileSync(out, 'utf8')).toBe('mine');
    await run({ source, out, force: true });
    expect(readFileSync(out, 'utf8')).toMatch(/^sample_id,/);
    await expect(run({ source, out: join(folder, 'out.txt') })).rejects.toThrow('expected a name that ends in .csv');
    await expect(run({ source, out: join(folder, 'none', 'out.csv') })).rejects.toThrow('cannot be written');
    await expect(run({ source, out, force: true, answers: join(folder, 'a.jsonl') })).rejects.toThrow('has no answers');
  });

  it('takes the rules of a set along: what may only be evaluated stays so under its new name', async () => {
    const { folder } = place('all.csv', 'sample_id,prompt,m\n1,p,1\n2,q,0\n');
    writeFileSync(
      join(folder, 'meta.json'),
      JSON.stringify({ name: 'theirs', use: 'evaluation-only', licence: 'MIT' }),
    );
    const out = join(folder, 'copies', 'train.csv.gz');
    mkdirSync(join(folder, 'copies'));
    await run({ source: folder, out });
    for (const path of [out, join(folder, 'copies')]) {
      const { sources } = await read(path);
      expect(sources).toMatchObject([{ use: 'evaluation-only', licence: 'MIT' }]);
      expect(() => refuseToFitOn({ sources })).toThrow('evaluation only');
    }
    // Another set in its place has rules of its own, or none.
    const free = place('t.csv', 'sample_id,prompt,m\n1,p,1\n');
    await expect(run({ source: free.source, out: join(folder, 'copies', 'train.csv') })).rejects.toThrow(
      'train.meta.json',
    );
    await run({ source: free.source, out, force: true });
    expect(readdirSync(join(folder, 'copies'))).toEqual(['train.csv.gz']);
    expect((await read(out)).sources).toMatchObject([{ use: 'unstated', licence: null }]);
  });

  it('writes answers beside the table', async () => {
    const csv = 'sample_id,prompt,m,m|model_response\n1,p,1,"yes, ""it is"""\n2,q,0,\n';
    const { folder, source } = place('t.csv', csv);
    await run({ source, out: join(folder, 'o.csv'), answers: join(folder, 'a.jsonl.gz') });
    expect(gunzipSync(readFileSync(join(folder, 'a.jsonl.gz'))).toString()).toBe(
      '{"sample_id":"1","responses":{"m":"yes, \\"it is\\""}}\n{"sample_id":"2","responses":{"m":""}}\n',
    );
  });

  it('tells how far it is', async () => {
    const { folder, source } = place('t.csv.gz', gzipSync('sample_id,prompt,m\n1,p,1\n2,q,1\n'));
    const done: number[] = [];
    await importDataset({ source, out: join(folder, 'o.csv') }, (progress) => done.push(progress.done));
    expect(done.at(-1)).toBe(2);
  });

  const folders = ['routerbench_0shot_1pct', 'routerarena2'].map((name) => sharedData(name));
  it.skipIf(folders.includes(null))('keeps every number of real sets', async () => {
    for (const source of folders) {
      const out = join(root, `${++made}.csv.gz`);
      await run({ source: source ?? '', out });
      const [before, after] = [await read(source ?? ''), await read(out)];
      expect(after.quality).toEqual(before.quality);
      expect(after.costUsd).toEqual(before.costUsd);
      expect(after.prompts).toEqual(before.prompts);
      expect(after.groups).toEqual(before.groups);
    }
  });
});

describe("Pointsman's own log", () => {
  it('gives each request with its propensities and the outcome of the model that served it', async () => {
    const { store, path } = await temporaryStore();
    const embedding = Float32Array.from([0.5, -0.25, 0, 1]);
    for (const id of ['d1', 'd2', 'd3', 'd4']) store.decision(sampleRecord(id, { decision: { embedding } }));
    store.completion(sampleCompletion('d1'));
    store.completion(sampleCompletion('d2', { servedModel: 'vendor/model-1', fallback: true }, 0.5));
    store.completion(sampleCompletion('d3'));
    store.completion(sampleCompletion('d4', { servedModel: null }));
    await settled(store);
    await store.reward(sampleReward('d1', { value: 0.75, weight: 3 }), sampleCaller);
    await store.reward(sampleReward('d1', { value: 0.25, key: 'other' }), sampleCaller);
    await store.reward(sampleReward('d2', { value: 1 }), sampleCaller);

    const log = openDecisionLog(path);
    const decisions = [...log.decisions()];
    log.close();
    expect(decisions.map(({ decision, quality, costUsd, served }) => ({ decision, quality, costUsd, served }))).toEqual(
      [
        { decision: 'd1', quality: 0.625, costUsd: 0.002, served: 'vendor/model-2' },
        { decision: 'd2', quality: 1, costUsd: 0.5, served: 'vendor/model-1' },
        { decision: 'd3', quality: null, costUsd: 0.002, served: 'vendor/model-2' },
      ],
    );
    expect(decisions[0]).toMatchObject({ route: 'auto', prompt: null, embedding, promptTokens: 12, outputTokens: 30 });

    const { reader } = await openDataset(path, 'all', { keepPartial: true });
    expect(reader).toMatchObject({ models: ['vendor/model-0', 'vendor/model-1', 'vendor/model-2'], partial: true });
    const rows: unknown[] = [];
    for await (const batch of reader.rows()) rows.push(...batch);
    expect(rows).toMatchObject([
      {
        sampleId: 'd1',
        group: 'auto',
        quality: [NaN, NaN, 0.625],
        costUsd: [NaN, NaN, 0.002],
        propensities: [0.1, 0.1, 0.8],
      },
      { sampleId: 'd2', quality: [NaN, 1, NaN], costUsd: [NaN, 0.5, NaN] },
    ]);
    expect(reader.warnings()).toEqual(['outcomes.db: 1 requests without a reward are left out']);

    const out = join(root, 'log.csv');
    await run({ source: path, out, keepPartial: true });
    expect(readFileSync(out, 'utf8').split('\n').slice(0, 2)).toEqual([
      'sample_id,prompt,eval_name,' +
        ['', '|total_cost', '|prompt_tokens', '|completion_tokens', '|propensity']
          .flatMap((suffix) => [0, 1, 2].map((m) => `vendor/model-${m}${suffix}`))
          .join(','),
      'd1,,auto,,,0.625,,,0.002,,,12,,,30,0.1,0.1,0.8',
    ]);
    await expect(openDataset(path, 'all').then(({ reader: whole }) => collectDataset(whole))).rejects.toThrow(
      'none of 2 rows knows all 3 models',
    );
  });

  it('is refused where it is no database of ours', async () => {
    expect(() => openDecisionLog(join(root, 'none.db'))).toThrow('there is no such outcome database');
    const { source } = place('x.db', Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(100)]));
    await expect(openDataset(source, 'all')).rejects.toMatchObject({ code: 'invalid_data' });
  });
});
