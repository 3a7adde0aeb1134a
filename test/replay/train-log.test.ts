import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadArtefact, restoreEstimator } from '../../src/artefacts/load-artefact.ts';
import { seededRandom } from '../../src/core/random.ts';
import { trainFromLog } from '../../src/replay/train-log.ts';
import { loadCatalogue } from '../../src/routing/catalogue.ts';
import { sampleCompletion, sampleDecision, sampleQuery, sampleReward } from '../helpers/store-samples.ts';
import { temporaryDirectory, temporaryStore } from '../helpers/store-temporary.ts';
import { must } from './helpers.ts';

const catalogue = await loadCatalogue();
const embedder = { id: 'hashing-v1-4', dimensions: 4 };
const easy = Float32Array.of(1, 0, 0, 0);
const hard = Float32Array.of(0, 1, 0, 0);
const candidates = ['small', 'large'].map((model) => ({ model, price: null }));

/**
 * A gateway's log: half the queries are easy. `small` is right on easy ones only and gets nine in ten of these, but one
 * in ten of the hard ones; `large` is always right. So small looks nearly perfect where it served, and is right half the time.
 */
async function writeLog(requests: number, rewarded = requests): Promise<string> {
  const { store, path } = await temporaryStore();
  const random = seededRandom('log');
  for (let i = 0; i < requests; i++) {
    const isEasy = i % 2 === 0;
    const chance = isEasy ? 0.9 : 0.1;
    const small = random.next() < chance;
    const model = small ? 'small' : 'large';
    const id = `dec_${String(i).padStart(6, '0')}`;
    store.decision({
      at: i,
      query: sampleQuery({ promptTokens: 20 }),
      decision: sampleDecision(id, {
        plan: { type: 'route', model },
        candidates,
        ranking: small ? [0, 1] : [1, 0],
        propensities: Float64Array.of(chance, 1 - chance),
        predictions: {},
        embedding: isEasy ? easy : hard,
      }),
    });
    store.completion(sampleCompletion(id, { servedModel: model }, small ? 0.001 : 0.01));
    if (i < rewarded) {
      await store.reward(sampleReward(id, { value: small && !isEasy ? 0 : 1 }), { tenant: 'default', key: null });
    }
  }
  await store.close();
  return path;
}

const train = (log: string, out: string, estimators: readonly string[]) =>
  trainFromLog({ log, out, estimators, catalogue, seed: '0', resamples: 200 });

describe('trainFromLog', () => {
  it('undoes the preference of the policy that wrote the log, and tells the effective sample size', async () => {
    const log = await writeLog(600);
    const out = join(temporaryDirectory(), 'artefact');
    const { manifest } = await train(log, out, ['mean', 'ridge']);
    const predict = (name: string, embedding: Float32Array): Float64Array => {
      const definition = must(catalogue.estimators.get(name));
      const options = { estimator: name, quantity: 'quality', definition, embedder } as const;
      return restoreEstimator(loadArtefact(out), options).predict({ embedding, promptTokens: 20 }, candidates).mean;
    };
    // Of small's own requests nine in ten went well; over all queries five in ten would.
    expect(predict('mean', easy)[0]).toBeGreaterThan(0.4);
    expect(predict('mean', easy)[0]).toBeLessThan(0.65);
    const [onEasy = 0] = predict('ridge', easy);
    const [onHard = 1] = predict('ridge', hard);
    expect(onEasy - onHard).toBeGreaterThan(0.4);
    // Weights 1 / 0.9 and 1 / 0.1, mean 2: (sum of w)^2 / sum of w^2 = n x 4 / 11.1, before those above ten means are cut.
    const [, size = ''] = /effective sample size (\d+)/.exec(must(manifest.tuning[0]).criterion) ?? [];
    expect(Number(size)).toBeGreaterThan(150);
    expect(Number(size)).toBeLessThan(300);
    const ridge = must(manifest.figures.find(({ estimator }) => estimator === 'ridge'));
    expect(ridge.interval.high).toBeLessThan(0);
    expect(manifest.recommended).toBe('ridge');
    expect(JSON.stringify(manifest)).not.toContain(log);
  });

  it('writes the same bytes again', async () => {
    const log = await writeLog(120);
    const folder = temporaryDirectory();
    await train(log, join(folder, 'a'), ['ridge']);
    await train(log, join(folder, 'b'), ['ridge']);
    for (const file of readdirSync(join(folder, 'a'))) {
      expect(readFileSync(join(folder, 'b', file)).equals(readFileSync(join(folder, 'a', file)))).toBe(true);
    }
  });

  it('says what is missing where nothing can be learned, and writes nothing', async () => {
    const log = await writeLog(80, 20);
    const out = join(temporaryDirectory(), 'artefact');
    await expect(train(log, out, ['ridge'])).rejects.toMatchObject({
      code: 'invalid_data',
      message: expect.stringContaining(
        '20 requests have a reward and an embedding, at least 50 are needed (60 requests',
      ),
    });
    await expect(train(join(log, 'nowhere'), out, ['ridge'])).rejects.toThrow('no such outcome database');
    expect(existsSync(out)).toBe(false);
  });
});
