import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runOnline } from '../../src/replay/online/run-online.ts';
import type { OnlineManifestOptions } from '../../src/replay/report/manifest.ts';
import { onlineOptions, runLog, writeLog, writeOnline } from '../../src/replay/report/report-kinds.ts';
import { sampleCaller, sampleCompletion, sampleRecord, sampleReward } from '../helpers/store-samples.ts';
import { settled, temporaryStore } from '../helpers/store-temporary.ts';
import { must, temporaryFolder } from '../replay/helpers.ts';
import { hasBrowser, launchBrowser } from '../helpers/browser.ts';

const folder = temporaryFolder();
const planted = fileURLToPath(new URL('../../data/planted', import.meta.url));
const asked: OnlineManifestOptions = {
  train: planted,
  policies: ['linucb', 'random'],
  estimators: ['linear-bayes'],
  steps: 400,
  seeds: 3,
  lambda: 100,
  budget: 0.001,
  epsilon: 0,
  segments: 5,
  start: 'warm',
  order: 'random',
  labelled: 1,
  delay: 0,
  poisoned: 0,
  events: ['degrade:large:0.2@200'],
};

async function writeDatabase(): Promise<string> {
  const { store, path } = await temporaryStore();
  const models = ['vendor/model-0', 'vendor/model-1', 'vendor/model-2'];
  for (let i = 0; i < 60; i++) {
    const chosen = (i * 7) % 3;
    const model = must(models[chosen]);
    const propensities = Float64Array.from([0.25, 0.5, 0.25]);
    store.decision(sampleRecord(`d${i}`, { at: i, decision: { plan: { type: 'route', model }, propensities } }));
    store.completion(sampleCompletion(`d${i}`, { servedModel: model }, 0.001 * (chosen + 1)));
  }
  await settled(store);
  for (let i = 0; i < 60; i++) await store.reward(sampleReward(`d${i}`, { value: (i % 11) / 10 }), sampleCaller);
  await store.close();
  return path;
}

describe.skipIf(!hasBrowser)('reports in Chromium', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => browser.close());

  const open = async (out: string, width: number): Promise<{ page: Page; complaints: string[] }> => {
    const complaints: string[] = [];
    const page = await browser.newPage({ viewport: { width, height: 900 } });
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith('file:')) complaints.push(request.url());
    });
    await page.goto(pathToFileURL(join(out, 'report.html')).href);
    expect(await page.locator('html').getAttribute('data-ready')).toBe('true');
    return { page, complaints };
  };
  const expectNarrow = async (out: string): Promise<void> => {
    const { page, complaints } = await open(out, 390);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    expect(complaints).toEqual([]);
    await page.close();
  };

  it('of learning while serving: curves whose points tell their figures, by mouse and by keyboard; routers that hide', async () => {
    const out = join(folder, 'online');
    const result = await runOnline(onlineOptions(asked));
    writeOnline(out, result, asked, '1');
    const { page, complaints } = await open(out, 1400);
    // Utility with a reference, two regrets, spending, cost.
    expect(await page.locator('figure.plot svg').count()).toBe(5);
    expect(await page.locator('svg .series').count()).toBe(11);
    const last = page.locator('[data-key="regret:0:20"]');
    await last.hover({ force: true });
    const told = must(must(result.runs[0]).curves.regretToReference.at(-1));
    const text = must(await page.locator('#tip').textContent());
    expect(text).toContain(must(result.runs[0]).label);
    expect(text).toContain('step400');
    expect(text).toContain(String(Number(told.median.toPrecision(4))).replace('-', '−'));
    const series = page.locator('svg[aria-label^="Spent so far"] .series').first();
    await page.keyboard.press('Tab');
    await series.focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.locator('.point.on').getAttribute('data-key')).toBe('spent:0:1');
    await page.locator('[data-toggle="0"]').uncheck();
    // The reference stays: it is about both.
    expect(await page.locator('.series:visible').count()).toBe(6);
    expect(complaints).toEqual([]);
    await page.close();
    await expectNarrow(out);
  });

  it('of a log: a point and a whisker of each estimate, which tell their interval', async () => {
    const out = join(folder, 'log');
    const options = { test: await writeDatabase(), lambda: 50, resamples: 0 };
    const result = await runLog(options);
    writeLog(out, result, options, '1');
    const { page, complaints } = await open(out, 1400);
    expect(await page.locator('.whisker').count()).toBe(24);
    await page.locator('[data-key="quality:0:1"] circle').hover({ force: true });
    const found = must(must(result.runs[0]).figures[0]?.result);
    if (found.type !== 'estimate') throw new Error(found.type);
    const text = must(await page.locator('#tip').textContent());
    expect(text).toContain(must(result.runs[0]).label);
    expect(text).toContain(`SNIPS${Number(found.snips.value.toPrecision(4))}`);
    expect(text).toContain(`to ${Number(found.snips.high.toPrecision(4))}`);
    expect(complaints).toEqual([]);
    await page.close();
    await expectNarrow(out);
  });
});
