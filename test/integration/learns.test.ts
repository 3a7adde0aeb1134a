import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { plantedPrompts } from '../../src/math/planted-prompts.ts';
import { plantedModels, plantedPrices, plantedSkills } from '../../src/math/planted-world.ts';
import { seededRandom } from '../../src/core/random.ts';
import { spawnGateway } from '../helpers/gateway-process.ts';
import { ask, giveFeedback } from '../helpers/running-gateway.ts';

/** The gateway as a process that starts knowing nothing, in the planted world where `medium` is the one for code. */
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pointsman-learns-'));
  const models = plantedModels.map((id) => {
    const { input, cachedInput, output } = plantedPrices[id];
    return `  - id: ${id}
    backend: simulated
    price: { input: ${input}, cached_input: ${cachedInput}, output: ${output} }
    options: { skills: ${JSON.stringify(plantedSkills[id])}, seed: ${id} }`;
  });
  await writeFile(
    join(folder, 'pointsman.yaml'),
    `models:\n${models.join('\n')}
routes:
  auto:
    policy: { type: epsilon-greedy, epsilon: 0.2, lambda: 40 }
    estimators: { quality: knn, cost: mean }
storage: { path: outcomes.db }
`,
  );
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const user = (content: string) => [{ role: 'user', content }];

/** Share of held-out code prompts that the gateway sends to the model that is better at code. */
async function shareToMedium(url: string): Promise<number> {
  const heldOut = plantedPrompts('test', 40, seededRandom('held out')).filter(({ subject }) => subject === 'code');
  let medium = 0;
  for (const { text } of heldOut) {
    // The route explores; what it has learned shows in what it would do without.
    const { headers } = await ask(url, { model: 'auto/cost-aware', messages: user(text), max_tokens: 1 });
    if (headers.get('x-pointsman-model') === 'medium') medium++;
  }
  return medium / heldOut.length;
}

/** What is believed of `medium` on each held-out prompt: only feedback changes it, so a restart must not. */
async function believedOfMedium(url: string): Promise<readonly (string | null)[]> {
  const believed: (string | null)[] = [];
  for (const { text } of plantedPrompts('test', 10, seededRandom('held out'))) {
    const body = { model: 'auto', messages: user(text), max_tokens: 1, pointsman: { models: ['medium'] } };
    believed.push((await ask(url, body)).headers.get('x-pointsman-predicted-quality'));
  }
  return believed;
}

it('moves code prompts to the model that is better at code from feedback over HTTP alone, and remembers it', async () => {
  const first = await spawnGateway(['--config', join(folder, 'pointsman.yaml')]);
  expect(await shareToMedium(first.url)).toBeLessThan(0.2);

  const lessons = plantedPrompts('train', 150, seededRandom('lessons'));
  let acknowledged = 0;
  for (let start = 0; start < lessons.length; start += 8) {
    await Promise.all(
      lessons.slice(start, start + 8).map(async ({ text }) => {
        const { headers, text: answer } = await ask(first.url, { model: 'auto', messages: user(text) });
        const parsed = JSON.parse(answer) as { simulated: { quality: number } };
        const receipt = await giveFeedback(
          first.url,
          headers.get('x-pointsman-decision') ?? '',
          parsed.simulated.quality,
        );
        if (receipt.status === 200) acknowledged++;
      }),
    );
  }
  expect(acknowledged).toBe(lessons.length);
  const learned = await shareToMedium(first.url);
  console.info(`after ${acknowledged} scores ${(learned * 100).toFixed(0)} % of held-out code prompts go to medium`);
  expect(learned).toBeGreaterThanOrEqual(0.8);

  const believed = await believedOfMedium(first.url);
  expect(new Set(believed).size).toBeGreaterThan(10);
  expect(await first.kill('SIGKILL')).toBe('SIGKILL');
  const second = await spawnGateway(['--config', join(folder, 'pointsman.yaml')]);
  // Costs go on being measured while we look, so single prompts may move; what was learned of quality may not.
  expect(await believedOfMedium(second.url)).toEqual(believed);
  expect(await shareToMedium(second.url)).toBeGreaterThanOrEqual(0.8);
  expect(await second.kill('SIGTERM')).toBe(0);
});
