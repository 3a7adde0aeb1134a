import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { calibrateRoute } from '../../src/cli/calibrate.ts';
import { takeRows } from '../../src/replay/datasets/dataset.ts';
import { runTrain } from '../../src/replay/train.ts';
import { asCsv, catsAndDogs } from '../replay/worlds.ts';
import { ask, startGateway } from '../helpers/running-gateway.ts';

/** Trained on one part, calibrated on another, served to a third. */
const folder = mkdtempSync(join(tmpdir(), 'pointsman-calibrate-'));
const file = (name: string): string => join(folder, name);

const own = catsAndDogs(700, 'mine');

const models = `models:
  - { id: cheap, backend: simulated, price: { input: 1, output: 1 }, options: { skills: { chat: 0.5 }, seed: a } }
  - { id: dear, backend: simulated, price: { input: 10, output: 10 }, options: { skills: { chat: 0.9 }, seed: b } }
estimators: { trained: { type: ridge, artefact: ./trained, learn: false } }
`;
const yaml = `${models}storage: { path: outcomes.db }
routes:
  auto:
    policy: { type: routellm, strong: dear, weak: cheap, ties: dropped }
    estimators: { quality: trained }
  plain: { policy: cost-aware }
`;

beforeAll(async () => {
  writeFileSync(file('train.csv'), asCsv(catsAndDogs(400, 'train')));
  writeFileSync(file('mine.csv'), asCsv(takeRows(own, [...own.texts.keys()].slice(0, 400))));
  await runTrain({ data: file('train.csv'), out: file('trained'), estimators: ['ridge'], resamples: 1, threads: 1 });
  writeFileSync(file('pointsman.yaml'), yaml);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const flags = { config: file('pointsman.yaml'), data: file('mine.csv'), seed: 's' };

test('a share that was wished for is the share that is served', async () => {
  const { found, pair } = await calibrateRoute({ ...flags, strongShare: 0.3 });
  expect(pair.route.name).toBe('auto');
  const { expected, alone } = found;
  expect(Math.abs(expected.share.value - 0.3)).toBeLessThan(0.03);
  expect(alone.strong.quality).toBeGreaterThan(0.9);
  expect(expected.costUsd?.value).toBeGreaterThan(alone.weak.costUsd ?? NaN);

  const gateway = await startGateway(yaml.replace(/storage.*\n/, ''), { folder });
  const questions = own.prompts.slice(400);
  let strong = 0;
  for (const content of questions) {
    const { status, headers } = await ask(gateway.url, {
      // RouteLLM's way to say it: the type of the estimator and the threshold.
      model: `router-ridge-${found.threshold}`,
      messages: [{ role: 'user', content }],
      max_tokens: 1,
    });
    expect(status).toBe(200);
    expect(headers.get('x-pointsman-policy')).toBe('routellm');
    if (headers.get('x-pointsman-model') === 'dear') strong++;
  }
  const log = await gateway.close().then(() => file('outcomes.db'));
  // 0.3 to within three deviations of what 400 rows and 300 questions tell.
  expect(Math.abs(strong / questions.length - 0.3)).toBeLessThan(0.1);

  // The log alone does for a share: the same threshold asks about as often.
  const fromLog = await calibrateRoute({ config: flags.config, fromLog: log, strongShare: 0.3, seed: 's' });
  expect(fromLog.found.rows).toBe(questions.length);
  expect(fromLog.found.expected.quality).toBeNull();
  expect(Math.abs(fromLog.found.expected.share.value - 0.3)).toBeLessThan(0.03);
});

test('requests that a route only observed will do as well', async () => {
  const observing = yaml.replace('auto:', 'auto:\n    mode: observe\n    baseline: dear');
  const watched = join(folder, 'watched');
  mkdirSync(watched);
  const environment = { POINTSMAN_STORAGE_PATH: join(watched, 'outcomes.db') };
  const gateway = await startGateway(observing.replace(/storage.*\n/, ''), { folder, environment });
  for (const content of own.prompts.slice(400, 450)) {
    await ask(gateway.url, { model: 'dear', messages: [{ role: 'user', content }], max_tokens: 1 });
  }
  await gateway.close();
  const fromLog = join(watched, 'outcomes.db');
  const { found } = await calibrateRoute({ config: flags.config, fromLog, strongShare: 0.5, seed: 's' });
  expect(found.rows).toBe(50);
  expect(Math.abs(found.expected.share.value - 0.5)).toBeLessThan(0.1);
});

test('a quality that was wished for is kept by calling the strong model where it is needed', async () => {
  const { found } = await calibrateRoute({ ...flags, quality: 0.97 });
  const { expected, alone } = found;
  const kept = (expected.quality?.value ?? NaN) / (alone.strong.quality ?? NaN);
  expect(kept).toBeGreaterThan(0.94);
  // Half of the questions are about dogs.
  expect(expected.share.value).toBeGreaterThan(0.4);
  expect(expected.share.value).toBeLessThan(0.6);
});

test('rows that the artefact learned from are left out, or refused where nothing else is there', async () => {
  const seen = { ...flags, data: file('train.csv'), strongShare: 0.3 };
  await expect(calibrateRoute(seen)).rejects.toThrow(/learned from every row/);
  const kept = await calibrateRoute({ ...seen, keepSeen: true });
  expect(kept.found.warnings).toEqual([expect.stringMatching(/learned from 400 of the rows/)]);
  writeFileSync(
    file('both.csv'),
    asCsv(catsAndDogs(400, 'train')) + asCsv(catsAndDogs(100, 'more')).replace(/.*\n/, ''),
  );
  const some = await calibrateRoute({ ...seen, data: file('both.csv') });
  expect([some.leftOut, some.found.rows]).toEqual([400, 100]);
});

test.each([
  [{ strongShare: 0.3, quality: 0.9 }, 'invalid_request', /one thing/],
  [{ strongShare: 0.3, route: 'plain' }, 'invalid_config', /route plain is under cost-aware, which has no threshold/],
  [{ strongShare: 0.3, route: 'autp' }, 'invalid_request', /no route "autp"; those with a threshold: auto/],
  [{ strongShare: 0.3, fromLog: 'x.db' }, 'invalid_request', /--data or --from-log/],
])('%j is refused', async (wrong, code, message) => {
  await expect(calibrateRoute({ ...flags, ...wrong })).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
  });
});
