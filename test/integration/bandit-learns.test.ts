import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ask, giveFeedback, startGateway, type RunningGateway } from '../helpers/running-gateway.ts';

const folder = await mkdtemp(join(tmpdir(), 'pointsman-bandit-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Two policies of one model each: only what the bandit over them remembers can tell them apart. */
const yaml = `
models:
  - { id: small, backend: simulated, price: { input: 1, output: 2 }, options: { skills: {}, output_tokens: 3 } }
  - { id: large, backend: simulated, price: { input: 1, output: 2 }, options: { skills: {}, output_tokens: 3 } }
routes:
  auto:
    models: [small, large]
    policy:
      type: policy-bandit
      policies: [{ type: static, model: small }, { type: static, model: large }]
      least_share: 0.05
      lambda: 0
learning: { snapshot_every: 7 }
`;

/** Shares of `large` among `count` questions; says 1 to it and 0 to the other, where `teach`. */
async function serve(gateway: RunningGateway, count: number, teach: boolean): Promise<number> {
  let large = 0;
  for (let i = 0; i < count; i++) {
    const { status, headers } = await ask(gateway.url, {
      model: 'auto',
      max_tokens: 3,
      messages: [{ role: 'user', content: `question ${i}` }],
    });
    expect(status).toBe(200);
    const isLarge = headers.get('x-pointsman-model') === 'large';
    if (isLarge) large++;
    if (!teach) continue;
    const told = await giveFeedback(gateway.url, headers.get('x-pointsman-decision') ?? '', isLarge ? 1 : 0);
    expect(told.ok).toBe(true);
  }
  return large / count;
}

test('a policy learns from feedback over HTTP, and still knows it after a restart', async () => {
  const first = await startGateway(yaml, { folder });
  try {
    await serve(first, 60, true);
    expect(await serve(first, 40, false)).toBeGreaterThan(0.8);
  } finally {
    await first.close();
  }
  const second = await startGateway(yaml, { folder });
  try {
    expect(await serve(second, 40, false)).toBeGreaterThan(0.8);
  } finally {
    await second.close();
  }
});
