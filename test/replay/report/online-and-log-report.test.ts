import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { runOnline } from '../../../src/replay/online/run-online.ts';
import type { LogManifestOptions, OnlineManifestOptions } from '../../../src/replay/report/manifest.ts';
import { onlineOptions, runLog, writeLog, writeOnline } from '../../../src/replay/report/report-kinds.ts';
import { reproduceReport } from '../../../src/replay/report/reproduce.ts';
import { sampleCaller, sampleCompletion, sampleRecord, sampleReward } from '../../helpers/store-samples.ts';
import { settled, temporaryStore } from '../../helpers/store-temporary.ts';
import { must, temporaryFolder } from '../helpers.ts';
import { asCsv, catsAndDogs } from '../worlds.ts';

const folder = temporaryFolder();
const world = catsAndDogs(80, 'stream');
const data = join(folder, 'world.csv');
writeFileSync(data, asCsv({ ...world, models: ['dear<img src=x>', 'cheap'] }));
const read = (out: string, name: string): string => readFileSync(join(out, name), 'utf8');
const rows = (out: string, name: string): string[][] => parse(read(out, name), { skip_empty_lines: true });
/** What a reader sees: all before the scripts. */
const seen = (page: string): string => page.split('<script')[0] ?? '';

const online: OnlineManifestOptions = {
  train: data,
  policies: ['epsilon-greedy?epsilon=0.1', 'random'],
  estimators: ['linear-bayes'],
  steps: 400,
  seeds: 3,
  lambda: 20,
  budget: 0.004,
  epsilon: 0,
  segments: 3,
  start: 'warm',
  order: 'random',
  labelled: 1,
  delay: 2,
  poisoned: 0,
  events: ['degrade:cheap:0.1@200'],
};

describe('the report of an online replay', () => {
  it('has every curve with its quartiles, no markup of the data, and is reproduced to the byte', async () => {
    const out = join(folder, 'online');
    const result = await runOnline(onlineOptions(online));
    writeOnline(out, result, online, '1');
    const page = seen(read(out, 'report.html'));
    expect(page).not.toMatch(/<img|undefined|NaN|\[object/);
    expect(page).toContain('cheap degrades to 0.1');
    // Utility with one reference, two regrets, spending, cost; two routers in each.
    expect(page.match(/class="band"/g)?.length).toBe(11);
    const curves = rows(out, 'curves.csv');
    for (const [, curve, , low, median, high] of curves.slice(1)) {
      expect(Number(low), curve).toBeLessThanOrEqual(Number(median));
      expect(Number(median), curve).toBeLessThanOrEqual(Number(high));
    }
    // Regret at the end of the curve is the regret that the table tells.
    for (const { label, regret } of result.runs) {
      const last = must(curves.findLast(([router, curve]) => router === label && curve === 'regret'));
      expect(last.slice(2).map(Number)).toEqual([
        400,
        regret.reference.low,
        regret.reference.median,
        regret.reference.high,
      ]);
      const spent = must(curves.findLast(([router, curve]) => router === label && curve === 'spent'));
      const all = must(result.runs.find((run) => run.label === label)?.spending).all;
      expect(Number(spent[4])).toBeCloseTo(all.median, 12);
    }
    const told = await reproduceReport(out, { version: '1' });
    expect(told.lines.at(-1)).toBe('Reproduced: every byte is the same.');
    // It is the run that is compared, not the files with themselves.
    const manifest = JSON.parse(read(out, 'manifest.json'));
    writeFileSync(
      join(out, 'manifest.json'),
      JSON.stringify({ ...manifest, options: { ...manifest.options, lambda: 30 } }),
    );
    expect((await reproduceReport(out, { version: '1' })).isIdentical).toBe(false);
  });
});

const models = ['vendor/model-0', 'vendor/model-1', 'vendor/model-2'];

/** 60 requests in a real database. */
async function writeDatabase(propensitiesOf: (chosen: number) => readonly number[]): Promise<string> {
  const { store, path } = await temporaryStore();
  for (let i = 0; i < 60; i++) {
    const chosen = (i * 7) % 3;
    const model = must(models[chosen]);
    const propensities = Float64Array.from(propensitiesOf(chosen));
    store.decision(sampleRecord(`d${i}`, { at: i, decision: { plan: { type: 'route', model }, propensities } }));
    store.completion(sampleCompletion(`d${i}`, { servedModel: model }, 0.001 * (chosen + 1)));
  }
  await settled(store);
  for (let i = 0; i < 60; i++) await store.reward(sampleReward(`d${i}`, { value: (i % 11) / 10 }), sampleCaller);
  await store.close();
  return path;
}
const explored = (): Promise<string> => writeDatabase(() => [0.25, 0.5, 0.25]);
/** Either model 2 for certain, or never. */
const unexplored = (): Promise<string> => writeDatabase((chosen) => (chosen === 2 ? [0, 0, 1] : [0.5, 0.5, 0]));

describe('the report of a log', () => {
  it('draws a point and a whisker for every estimate, and is reproduced to the byte', async () => {
    const out = join(folder, 'log');
    const asked: LogManifestOptions = { test: await explored(), lambda: 50, resamples: 0 };
    const result = await runLog(asked);
    writeLog(out, result, asked, '1');
    const page = seen(read(out, 'report.html'));
    expect(page).not.toMatch(/undefined|NaN|\[object/);
    // Three figures of four policies, by two estimates.
    expect(page.match(/class="whisker"/g)?.length).toBe(24);
    const [first] = result.runs;
    const quality = must(must(first).figures[0]?.result);
    if (quality.type !== 'estimate') throw new Error(quality.type);
    expect(rows(out, 'figures.csv')).toContainEqual([
      must(first).label,
      'quality',
      'snips',
      ...[quality.snips.value, quality.snips.low, quality.snips.high].map(String),
      '',
    ]);
    expect((await reproduceReport(out, { version: '1' })).isIdentical).toBe(true);
  });

  it('says where there is no support, instead of a point', async () => {
    const out = join(folder, 'unsupported');
    const asked: LogManifestOptions = { test: await unexplored(), lambda: 50, resamples: 0, policies: ['random'] };
    writeLog(out, await runLog(asked), asked, '1');
    const page = seen(read(out, 'report.html'));
    expect(page).not.toContain('class="whisker"');
    expect(page).toContain('no support in this log');
    expect(rows(out, 'figures.csv').find(([policy]) => policy === 'random')?.[6]).toMatch(/^no support: for 60 of 60/);
  });

  it('tells that the log has grown since', async () => {
    const out = join(folder, 'grown');
    const asked: LogManifestOptions = { test: await explored(), lambda: 50, resamples: 0, policies: ['random'] };
    writeLog(out, await runLog(asked), asked, '1');
    const told = await reproduceReport(out, { version: '1', test: await unexplored() });
    expect(told.isIdentical).toBe(false);
    expect(told.lines.join('\n')).toMatch(/The input decisions of outcomes\.db is not the one that was read/);
  });
});
