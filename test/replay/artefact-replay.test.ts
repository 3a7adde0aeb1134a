import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createHashingEmbedder } from '../../src/embedding/hashing.ts';
import type { Dataset } from '../../src/replay/datasets/dataset.ts';
import { runReplay } from '../../src/replay/replay.ts';
import { formatReplay } from '../../src/replay/report/format-replay.ts';
import { runTrain } from '../../src/replay/train.ts';
import { must, temporaryFolder } from './helpers.ts';
import { asCsv, catsAndDogs } from './worlds.ts';

const folder = temporaryFolder();
const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const embedder = createHashingEmbedder({ dimensions: 64 });
const quick = { embedder, resamples: 20 };

const learned = catsAndDogs(200, 'learned');
const fresh = catsAndDogs(80, 'fresh');
const train = write('train.csv', asCsv(learned));
const test = write('test.csv', asCsv(fresh));
/** As `fresh`, but the first five rows ask what the artefact learned from, in another dress. */
const leaky = ((): string => {
  const prompts = fresh.prompts.map((prompt, row) =>
    row < 5 ? `${(learned.prompts[row] ?? '').toUpperCase()} !!` : prompt,
  );
  return write('leaky.csv', asCsv({ ...fresh, prompts, texts: prompts }));
})();
const artefact = join(folder, 'artefact');
// A test part of its own: settings are chosen on every row of train.csv, as a replay of the two chooses them.
const parted = join(folder, 'parted');
mkdirSync(parted);
write('parted/train.csv', asCsv(learned));
write('parted/test.csv', asCsv(fresh));
await runTrain({ ...quick, data: parted, out: artefact, estimators: ['knn', 'ridge'] });

describe('an artefact in the place of training', () => {
  it('comes to what training on the same rows comes to', async () => {
    const replayed = await runReplay({ ...quick, artefact, train, test });
    const trained = await runReplay({ ...quick, train, test });
    expect(replayed.runs.map(({ label }) => label)).toEqual(['cost-aware · knn', 'cost-aware · ridge']);
    for (const [i, run] of replayed.runs.entries()) {
      expect(run.curve).toEqual(trained.runs[i]?.curve);
      expect(run.estimator?.quality).toEqual(trained.runs[i]?.estimator?.quality);
      expect(run.estimator?.score).toBeCloseTo(must(trained.runs[i]?.estimator).score, 12);
      expect(run.estimator?.criterion).toMatch(/^when the artefact was trained: AIQ/);
    }
    expect(replayed.artefact).toMatchObject({
      name: 'artefact',
      sources: [{ name: 'train.csv', rows: 200 }],
      questions: 200,
      overlap: { test: 0, tested: 80, train: 200, trained: 200 },
      unseenModels: [],
    });
    expect(trained.artefact).toBeNull();
  });

  it('of a set in one piece has the settings that were measured on the held-out rows', async () => {
    const out = join(folder, 'whole');
    await runTrain({ ...quick, data: train, out, estimators: ['knn', 'ridge'] });
    const replayed = await runReplay({ ...quick, artefact: out, test });
    const held = await runReplay({ ...quick, train });
    expect(held.train.rows).toBeLessThan(200);
    for (const [i, { estimator }] of replayed.runs.entries()) {
      const { quality, cost, score } = must(held.runs[i]?.estimator);
      expect(estimator).toMatchObject({ quality, cost });
      expect(must(estimator).score).toBeCloseTo(score, 12);
    }
    expect(replayed.artefact).toMatchObject({ sources: [{ name: 'train.csv', rows: 200 }], questions: 200 });
  });

  it('needs no training rows, tests every row, and prints what it shares with them', async () => {
    const result = await runReplay({ ...quick, artefact, test, estimators: ['ridge'] });
    expect(result.train).toEqual({ sources: [], rows: 0 });
    expect(result.test.rows).toBe(80);
    expect(formatReplay(result)).toContain(
      'artefact artefact, trained on train.csv (200 rows), takes the place of training; of its 200 questions 0 of 80 test rows ask one',
    );
    expect(result.warnings.filter((line) => line.includes('artefact'))).toEqual([]);
  });

  it('counts the questions that it learned from, and --strict refuses them', async () => {
    const options = { ...quick, artefact, test: leaky, estimators: ['ridge'] };
    const { warnings } = await runReplay(options);
    expect(warnings).toContain('artefact artefact learned from the question of 5 of 80 test rows');
    await expect(runReplay({ ...options, strict: true })).rejects.toMatchObject({
      code: 'invalid_data',
      message: expect.stringMatching(
        /^artefact artefact learned from the question of 5 of 80 test rows, which --strict/,
      ),
    });
    expect((await runReplay({ ...options, test, strict: true })).artefact?.overlap.test).toBe(0);
  });

  it('that does not tell its questions is warned of, and refused under --strict', async () => {
    const old = join(folder, 'old');
    await runTrain({ ...quick, data: train, out: old, estimators: ['ridge'] });
    const manifest: unknown = JSON.parse(readFileSync(join(old, 'manifest.json'), 'utf8'));
    writeFileSync(join(old, 'manifest.json'), JSON.stringify({ ...Object(manifest), questions: undefined }));
    rmSync(join(old, 'questions.bin'));
    const options = { ...quick, artefact: old, test };
    const result = await runReplay(options);
    expect(result.artefact).toMatchObject({ questions: null, overlap: { test: null, tested: 80 } });
    expect(result.warnings).toContain('artefact old does not tell which questions it learned from; train it again');
    await expect(runReplay({ ...options, strict: true })).rejects.toThrow(/does not tell which questions/);
  });

  it('whose list of questions was changed is refused', async () => {
    const bent = join(folder, 'bent');
    await runTrain({ ...quick, data: train, out: bent, estimators: ['ridge'] });
    const bytes = readFileSync(join(bent, 'questions.bin'));
    expect(bytes.length).toBe(1600);
    writeFileSync(join(bent, 'questions.bin'), bytes.subarray(8));
    await expect(runReplay({ ...quick, artefact: bent, test })).rejects.toThrow(/questions\.bin is not the file/);
  });

  it('tells what it cannot do in one line', async () => {
    const rejects = (options: Parameters<typeof runReplay>[0], message: RegExp) =>
      expect(runReplay({ ...quick, ...options })).rejects.toThrow(message);
    await rejects({ artefact, test, estimators: ['mlp'] }, /has no mlp; it has knn, ridge/);
    await rejects({ artefact, train, protocol: 'kfold:5' }, /an artefact was trained once/);
    await rejects({ artefact }, /needs --test/);
    await rejects({}, /needs --train, or --artefact/);
    await rejects({ artefact: train, test }, /an artefact is a folder/);
    await rejects({ artefact, test, embedder: createHashingEmbedder({ dimensions: 32 }) }, /trained on embeddings of/);
    const guesses = write(
      'guesses.csv',
      `sample_id,dear,cheap\n${fresh.sampleIds.map((id) => `${id},1,0`).join('\n')}\n`,
    );
    await rejects({ artefact, test, predictions: [guesses] }, /give --train or costs/);
  });

  it('never saw a model of the data: it says so', async () => {
    const wide: Dataset = { ...fresh, models: ['dear', 'new'] };
    const { warnings } = await runReplay({ ...quick, artefact, test: write('new.csv', asCsv(wide)) });
    expect(warnings).toContain('artefact artefact never saw new');
  });
});
