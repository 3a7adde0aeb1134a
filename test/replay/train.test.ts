import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadArtefact, restoreEstimator } from '../../src/artefacts/load-artefact.ts';
import { createHashingEmbedder } from '../../src/embedding/hashing.ts';
import { collectDataset } from '../../src/replay/datasets/dataset.ts';
import { openDataset } from '../../src/replay/datasets/open-dataset.ts';
import { embedDataset, inputOf } from '../../src/replay/embedded.ts';
import { fitEstimator } from '../../src/replay/fitted.ts';
import { runTrain } from '../../src/replay/train.ts';
import { loadCatalogue } from '../../src/routing/catalogue.ts';
import { must, temporaryFolder } from './helpers.ts';
import { asCsv, catsAndDogs } from './worlds.ts';

const folder = temporaryFolder();
const embedder = createHashingEmbedder({ dimensions: 64 });
const catalogue = await loadCatalogue();
let made = 0;

/** A data set folder and where its artefact goes. */
function dataFolder(files: Readonly<Record<string, string>>): { data: string; out: string } {
  const data = join(folder, `set-${++made}`);
  mkdirSync(data);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(data, name), text);
  return { data, out: join(folder, `artefact-${made}`) };
}

const train = asCsv(catsAndDogs(200, 'train'));
const test = asCsv(catsAndDogs(100, 'test'));
const quick = { embedder, resamples: 100 };

describe('runTrain', () => {
  it('learns from the train part, is measured on the test part, and predicts as the estimators it wrote', async () => {
    const { data, out } = dataFolder({ 'train.csv': train, 'test.csv': test });
    const { manifest } = await runTrain({ ...quick, data, out });
    expect(manifest.states.map(({ estimator, quantity }) => `${estimator} ${quantity}`)).toEqual([
      'knn quality',
      'knn cost',
      'ridge quality',
      'ridge cost',
    ]);
    expect(manifest.sources).toMatchObject([{ rows: 200, name: 'train.csv' }]);
    const gains = manifest.figures.filter(({ name }) => name.includes('minus'));
    expect(gains.map(({ estimator }) => estimator)).toEqual(['knn', 'ridge']);
    for (const { interval, rows } of gains) {
      expect(rows).toBe(100);
      expect(interval.low).toBeGreaterThan(0.05);
    }

    const dataset = await collectDataset((await openDataset(data, 'train')).reader);
    const embedded = await embedDataset(dataset, embedder, () => undefined);
    const fitting = { catalogue, own: false, threads: null, folds: 5, seed: '0', onProgress: () => undefined };
    const candidates = dataset.models.map((model) => ({ model, price: null }));
    for (const name of ['knn', 'ridge']) {
      const definition = must(catalogue.estimators.get(name));
      const options = { estimator: name, quantity: 'quality', definition, embedder } as const;
      const restored = restoreEstimator(loadArtefact(out), options);
      const { quality } = await fitEstimator(name, embedded, fitting);
      for (const row of [0, 17, 199]) {
        expect(restored.predict(inputOf(embedded, row), candidates)).toEqual(
          quality.predict(inputOf(embedded, row), candidates),
        );
      }
    }
  });

  it('of one file holds rows out for the figures, then learns from all of it; same bytes each time', async () => {
    const { data, out } = dataFolder({ 'mine.csv': train });
    const run = (to: string) => runTrain({ ...quick, data: join(data, 'mine.csv'), out: to, estimators: ['knn'] });
    const { manifest } = await run(out);
    expect(manifest.sources).toMatchObject([{ name: 'mine.csv', rows: 200, use: 'unstated' }]);
    const [figure] = manifest.figures;
    expect(must(figure).rows).toBeLessThan(90);
    expect(must(figure).how).toMatch(
      /^held out by a hash of the question; fitted on the other \d+ rows, before all were used$/,
    );
    await run(`${out}-again`);
    expect(readdirSync(out).length).toBe(5);
    for (const file of readdirSync(out)) {
      expect(readFileSync(join(`${out}-again`, file)).equals(readFileSync(join(out, file)))).toBe(true);
    }
  });

  it('without cost writes quality alone', async () => {
    const { data, out } = dataFolder({ 'all.csv': asCsv(catsAndDogs(200, 'free', { costUsd: null })) });
    const { manifest } = await runTrain({ ...quick, data, out, estimators: ['knn'] });
    expect(manifest.states.map(({ quantity }) => quantity)).toEqual(['quality']);
    expect(manifest.figures.map(({ name }) => name)).toEqual(['quality minus best single model']);
  });

  it('refuses a set whose rules allow evaluation only, and leaves nothing behind', async () => {
    const meta = JSON.stringify({ name: 'exam', use: 'evaluation-only' });
    const { data, out } = dataFolder({ 'meta.json': meta, 'all.csv': train });
    await expect(runTrain({ ...quick, data, out })).rejects.toMatchObject({
      code: 'invalid_data',
      message: expect.stringContaining('exam/all.csv: its rules allow evaluation only'),
    });
    expect(existsSync(out)).toBe(false);
  });

  it('says what is wrong before it trains, and leaves what is there', async () => {
    const { data, out } = dataFolder({ 'all.csv': train.replace(/,[01],/, ',oops,') });
    await expect(runTrain({ ...quick, data, out })).rejects.toThrow(/all\.csv, row 2, column "\w+": a score/);
    await expect(runTrain({ ...quick, data, out, estimators: ['nope'] })).rejects.toThrow('no estimator "nope"');
    mkdirSync(out);
    writeFileSync(join(out, 'notes.txt'), 'mine');
    await expect(runTrain({ ...quick, data, out })).rejects.toThrow('no artefact (notes.txt)');
    expect(readdirSync(out)).toEqual(['notes.txt']);
  });
});
