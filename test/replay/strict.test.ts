import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runReplay } from '../../src/replay/replay.ts';
import { temporaryFolder } from './helpers.ts';
import { asCsv, catsAndDogs } from './worlds.ts';

const folder = temporaryFolder();
const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const base = catsAndDogs(120, 'strict');
/** A third model, so that one can be left out. */
const three = {
  ...base,
  models: ['dear', 'cheap', 'third'],
  quality: Float64Array.from({ length: 360 }, (_, i) => base.quality[Math.floor(i / 3) * 2 + (i % 2)] ?? 0),
  costUsd: Float64Array.from({ length: 360 }, (_, i) => 0.001 * (1 + (i % 3))),
};
const clean = write('clean.csv', asCsv(three));
// The first six questions come again at the end, under another eval name.
const prompts = base.prompts.map((prompt, row) => (row < 114 ? prompt : `${base.prompts[row - 114] ?? ''}?!`));
const groups = base.groups.map((group, row) => (row < 114 ? group : 'again'));
const twice = write('twice.csv', asCsv({ ...three, prompts, texts: prompts, groups }));
const run = (train: string, protocol: string, test?: string) =>
  runReplay({ train, test, protocol, policies: [{ name: 'random' }], resamples: 0, strict: true });

it.each(['file', 'hash', 'kfold:4', 'resplit:3', 'group', 'model:10', 'time:3'])(
  '--strict takes a set that asks nothing twice under %s',
  async (protocol) => {
    expect((await run(clean, protocol)).overlap.rows).toBe(0);
  },
);

it.each(['file', 'hash', 'kfold:4', 'resplit:3', 'model:10'])(
  'equal questions never part under %s, so --strict takes them too',
  async (protocol) => {
    expect((await run(twice, protocol)).overlap.rows).toBe(0);
  },
);

it.each([
  // Six of the 12 rows in "again" and of their six twins are in train each time the other is tested.
  ['group', '12 of 120'],
  // Only the last block asks again what came before.
  ['time:3', '6 of 80'],
])('--strict refuses a question on both sides under %s', async (protocol, counted) => {
  await expect(run(twice, protocol)).rejects.toThrow(`${counted} test rows ask a question that the training rows ask`);
});

it('--strict refuses it in two files, a new model or not', async () => {
  for (const protocol of ['file', 'model:10']) {
    await expect(run(clean, protocol, twice)).rejects.toThrow(/test rows ask a question that the training rows ask/);
  }
});
