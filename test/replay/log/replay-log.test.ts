import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isLog } from '../../../src/cli/replay-log.ts';
import { replayLog, type LogReplay } from '../../../src/replay/log/replay-log.ts';
import { formatLog } from '../../../src/replay/report/format-log.ts';
import { loadCatalogue } from '../../../src/routing/catalogue.ts';
import { sampleCaller, sampleCompletion, sampleRecord, sampleReward } from '../../helpers/store-samples.ts';
import { settled, temporaryStore } from '../../helpers/store-temporary.ts';
import { must } from '../helpers.ts';

const models = ['vendor/model-0', 'vendor/model-1', 'vendor/model-2'];

/** 60 requests by formulas, in a real database. */
async function writeLog(propensitiesOf: (i: number) => readonly number[]): Promise<string> {
  const { store, path } = await temporaryStore();
  for (let i = 0; i < 60; i++) {
    const chosen = (i * 7) % 3;
    const model = must(models[chosen]);
    store.decision(
      sampleRecord(`d${i}`, {
        at: i,
        decision: { plan: { type: 'route', model }, propensities: Float64Array.from(propensitiesOf(i)) },
      }),
    );
    store.completion(sampleCompletion(`d${i}`, { servedModel: model }, 0.001 * (chosen + 1)));
  }
  await settled(store);
  for (let i = 0; i < 60; i++) {
    const quality = ((i * 5 + ((i * 7) % 3) * 3) % 11) / 10;
    await store.reward(sampleReward(`d${i}`, { value: quality }), sampleCaller);
  }
  await store.close();
  return path;
}

const replay = async (path: string): Promise<LogReplay> =>
  replayLog({ path, route: null, lambda: 50, resamples: 0, seed: '0', catalogue: await loadCatalogue() });

describe('a log as data', () => {
  it('tells what every model and chance would have come to, as a few lines of Python have it', async () => {
    const path = await writeLog((i) => (i % 2 === 0 ? [0.25, 0.5, 0.25] : [0.4, 0.4, 0.2]));
    const result = await replay(path);
    expect(result.runs.map(({ label }) => label)).toEqual([
      ...models.map((model) => `static model=${model}`),
      'random',
    ]);
    expect(result).toMatchObject({ requests: 60, leftOut: { pinned: 0, fallback: 0 }, models });
    const [quality] = must(result.runs[1]).figures;
    // Always model 1: w = [chosen is 1] / p; means and standard errors over N - 1 by loops in Python.
    expect(quality).toMatchObject({
      figure: 'quality',
      requests: 60,
      logged: { value: expect.closeTo(0.5116666666666666, 12) },
      result: {
        type: 'estimate',
        ips: { value: expect.closeTo(0.3991666666666666, 12), standardError: expect.closeTo(0.09091881635617725, 12) },
        snips: {
          value: expect.closeTo(0.5322222222222222, 12),
          standardError: expect.closeTo(0.06925939913130841, 12),
        },
        effectiveSampleSize: expect.closeTo(19.75609756097561, 10),
        gain: {
          ips: { value: expect.closeTo(-0.1125, 12), standardError: expect.closeTo(0.08530954768695982, 12) },
          snips: {
            value: expect.closeTo(0.02055555555555555, 12),
            standardError: expect.closeTo(0.057311040014616565, 12),
          },
        },
      },
    });
    const text = formatLog(result);
    expect(text).toContain('Route auto: 60 requests that its policy decided');
    expect(text).toMatch(
      /static model=vendor\/model-1 +0\.5322 \(0\.3965\.\.0\.6680\) +\+0\.0206 \(-0\.0918\.\.\+0\.1329\)/,
    );
    expect(text).toContain('note: static model=vendor/model-1: the log is worth only 19.8 observations');
    const priced = [0, 1e6].map((lambda) => ({ name: 'cost-aware', options: { lambda } }));
    const catalogue = await loadCatalogue();
    const { runs } = replayLog({
      path,
      route: 'auto',
      policies: priced,
      lambda: 50,
      resamples: 0,
      seed: '0',
      catalogue,
    });
    // Logged predictions rise with the model's number, in quality and in cost.
    expect(runs.map(({ label }) => label)).toEqual(['cost-aware lambda=0', 'cost-aware lambda=1000000']);
    expect(runs.map(({ figures }) => figures)).toEqual([must(result.runs[2]).figures, must(result.runs[0]).figures]);
    expect(isLog(path)).toBe(true);
    expect(isLog(join(path, 'none'))).toBe(false);
    expect(isLog('no-such-log.db')).toBe(true);
    expect(isLog('package.json')).toBe(false);
  });

  it('says that it cannot tell where a model was never tried', async () => {
    const path = await writeLog((i) => models.map((_, m) => (m === (i * 7) % 3 ? 1 : 0)));
    const result = await replay(path);
    for (const { figures } of result.runs)
      for (const { result: told } of figures) expect(told?.type).toBe('no_support');
    const text = formatLog(result);
    expect(text.match(/no support$/gm)?.length).toBe(12);
    expect(text).toContain('Log with exploration');
  });
});
