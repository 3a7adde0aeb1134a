import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadArtefact, restoreEstimator } from '../../src/artefacts/load-artefact.ts';
import { seededRandom } from '../../src/core/random.ts';
import { createHashingEmbedder, defaultDimensions as dimensions } from '../../src/embedding/hashing.ts';
import { collectDataset, type Dataset } from '../../src/replay/datasets/dataset.ts';
import { openDataset } from '../../src/replay/datasets/open-dataset.ts';
import { runTrain } from '../../src/replay/train.ts';
import { loadCatalogue } from '../../src/routing/catalogue.ts';
import { createRoute } from '../../src/routing/route.ts';
import { promptTokensOf } from '../../src/wire/prompt-tokens.ts';
import { openDatabase } from '../../src/outcomes/database.ts';
import { toDoubles } from '../../src/outcomes/floats.ts';
import { ask, startGateway } from '../helpers/running-gateway.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const shared = process.env['POINTSMAN_SHARED_DATA'] ?? join(root, '../shared/data');
const lambda = 100;

async function readSplit(path: string, part: 'train' | 'test'): Promise<Dataset> {
  const { reader } = await openDataset(path, part);
  return collectDataset(reader);
}

/** The log of the gateway: what it chose, with which propensities, by the id that the client was told. */
function logged(path: string): Map<string, { chosen: string; propensities: readonly number[] }> {
  const database = openDatabase({ path, busyTimeoutMs: 1000, maxPages: null });
  const rows = database
    .prepare<[], { id: string; chosen_model: string; propensities: Buffer }>(
      'SELECT id, chosen_model, propensities FROM decisions',
    )
    .all();
  database.close();
  return new Map(
    rows.map((row) => [row.id, { chosen: row.chosen_model, propensities: [...toDoubles(row.propensities)] }]),
  );
}

/**
 * Every test row of a data set through the running gateway, whose simulated models answer what the data set recorded:
 * the same model and the same propensities as the replay of that row, bit for bit.
 */
async function agree(path: string, estimator: 'knn' | 'ridge', policy: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'pointsman-agree-'));
  try {
    const artefactPath = join(folder, 'artefact');
    const embedder = createHashingEmbedder({ dimensions });
    await runTrain({ data: path, out: artefactPath, estimators: [estimator], embedder, folds: 2, resamples: 20 });
    const test = await readSplit(path, 'test');
    const recorded = new Map(test.texts.map((text, row) => [text, row]));

    const gateway = await startGateway(
      `
models:
${test.models.map((id) => `  - { id: ${JSON.stringify(id)}, backend: simulated, price: { input: 1, output: 2 }, options: { skills: {} } }`).join('\n')}
embedder: { type: hashing, dimensions: ${dimensions} }
estimators:
  trained: { artefact: ${JSON.stringify(artefactPath)}, type: ${estimator}, learn: false }
routes:
  auto:
    policy: { type: ${policy}, lambda: ${lambda} }
    estimators: { quality: trained, cost: trained }
    exploration: { epsilon: 0.1 }
`,
      {
        folder,
        recorded: (model, prompt) => {
          const row = recorded.get(prompt);
          const column = test.models.indexOf(model);
          if (row === undefined || column < 0) return null;
          const cell = row * test.models.length + column;
          return { answer: 'recorded', costUsd: test.costUsd?.[cell] ?? null, quality: test.quality[cell] ?? 0 };
        },
      },
    );
    const told: { id: string; cost: string | null }[] = [];
    for (let start = 0; start < test.texts.length; start += 16) {
      const batch = test.texts.slice(start, start + 16).map(async (content) => {
        const answer = await ask(gateway.url, { model: 'auto', messages: [{ role: 'user', content }] });
        expect(answer.status).toBe(200);
        return {
          id: answer.headers.get('x-pointsman-decision') ?? '',
          cost: answer.headers.get('x-pointsman-cost-usd'),
        };
      });
      told.push(...(await Promise.all(batch)));
    }
    await gateway.close();
    const online = logged(join(folder, 'outcomes.db'));

    const catalogue = await loadCatalogue();
    const artefact = loadArtefact(artefactPath);
    const slot = (quantity: 'quality' | 'cost') => {
      const definition = catalogue.estimators.get(estimator);
      if (definition === undefined) throw new Error(estimator);
      return {
        name: 'trained',
        definition,
        fingerprint: '',
        estimator: restoreEstimator(artefact, { estimator, quantity, definition, embedder }),
      };
    };
    const definition = catalogue.policies.get(policy);
    if (definition === undefined) throw new Error(policy);
    const route = createRoute({
      name: 'auto',
      models: test.models.map((id) => ({
        id,
        price: { input: 1, cachedInput: 1, output: 2 },
        contextTokens: null,
        capabilities: null,
        simulated: true,
        targets: [],
      })),
      policy: { name: policy, definition, options: { lambda } },
      estimators: { quality: slot('quality'), cost: slot('cost') },
      lambda: null,
      exploration: { epsilon: 0.1 },
      embedder,
      seed: 'auto',
    });
    const candidates = test.models.map((model) => ({ model, price: { input: 1, cachedInput: 1, output: 2 } }));
    let agreed = 0;
    test.texts.forEach((text, row) => {
      const { id } = told[row] ?? { id: '' };
      const input = { embedding: embedder.embed(text), promptTokens: promptTokensOf(text) };
      const { predictions } = route.predict(input, candidates);
      const replayed = route.choose(candidates, predictions, null, seededRandom(`auto:${id}`));
      const served = online.get(id);
      expect(served?.propensities).toEqual([...replayed.propensities]);
      expect({ type: 'route', model: served?.chosen }).toEqual(replayed.plan);
      agreed++;
    });
    // What the data set recorded is what the client was charged.
    const cell = (row: number) => {
      const model = online.get(told[row]?.id ?? '')?.chosen ?? '';
      return test.costUsd?.[row * test.models.length + test.models.indexOf(model)] ?? NaN;
    };
    expect(Number(told[0]?.cost)).toBeCloseTo(cell(0), 7);
    return agreed;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe('replay and HTTP agree', () => {
  it('on the planted world, with knn and epsilon-greedy', async () => {
    const path = join(root, 'data/planted');
    expect(await agree(path, 'knn', 'epsilon-greedy')).toBe(300);
  });

  const routerbench = join(shared, 'routerbench');
  it.runIf(existsSync(routerbench))('on all 650 test rows of RouterBench, with ridge and cost-aware', async () => {
    expect(await agree(routerbench, 'ridge', 'cost-aware')).toBe(650);
  });
  if (!existsSync(routerbench)) console.info(`not compared on RouterBench: ${routerbench} is not there`);
});
