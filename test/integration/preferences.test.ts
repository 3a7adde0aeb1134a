import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, startGateway, type RunningGateway } from '../helpers/running-gateway.ts';
import { settled } from '../helpers/store-temporary.ts';

/** Regenerated answers: two requests to named models of one route, compared by their decisions. */
let gateway: RunningGateway;
beforeAll(async () => {
  gateway = await startGateway(`models:
  - { id: a, backend: simulated, price: { input: 1, output: 1 }, options: { skills: {} } }
  - { id: b, backend: simulated, price: { input: 1, output: 1 }, options: { skills: {} } }
  - { id: c, backend: simulated, price: { input: 1, output: 1 }, options: { skills: {} } }
routes:
  auto: { policy: { type: random }, estimators: { quality: who_wins } }
  other: { policy: { type: random }, estimators: { quality: tally } }
estimators: { who_wins: { type: preference }, tally: { type: beta-mean } }
`);
});
afterAll(() => gateway.close());

const question = {
  messages: [{ role: 'user', content: 'Prove that there are infinitely many primes.' }],
  max_tokens: 1,
};

/** Decisions of one request by each of two models. */
async function regenerated(route = 'auto'): Promise<{ a: string; b: string }> {
  const found = new Map<string, string>();
  while (!found.has('a') || !found.has('b')) {
    const { headers } = await ask(gateway.url, { ...question, model: route });
    found.set(headers.get('x-pointsman-model') ?? '', headers.get('x-pointsman-decision') ?? '');
  }
  return { a: found.get('a') ?? '', b: found.get('b') ?? '' };
}

const tell = (body: object): Promise<Response> =>
  fetch(`${gateway.url}/v1/feedback`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
const predicted = (route: string): readonly number[] => {
  const found = gateway.app.router.routes.get(route);
  const candidates = (found?.models ?? []).map(({ id, price }) => ({ model: id, price }));
  const embedding = new Float32Array(512);
  embedding[0] = 1;
  return [...(found?.estimators.quality?.estimator.predict({ embedding, promptTokens: 9 }, candidates).mean ?? [])];
};

describe('feedback that one answer was better than another', () => {
  it('counts once, however it is told, and teaches estimators that learn from pairs', async () => {
    const before = predicted('auto');
    expect(new Set(before)).toEqual(new Set([0.5]));
    for (let i = 0; i < 5; i++) {
      const { a, b } = await regenerated();
      const first = await tell({ decision: b, preferred_to: a });
      expect(await first.json()).toMatchObject({ decision: b, status: 'accepted' });
      for (const again of [
        { decision: b, preferred_to: a },
        { decision: a, rejected_for: b },
        // What was said first stands.
        { decision: a, preferred_to: b },
      ]) {
        expect(await (await tell(again)).json()).toMatchObject({ decision: again.decision, status: 'duplicate' });
      }
      // Another rater is another fact.
      expect(await (await tell({ decision: a, tied_with: b, key: 'rater-2' })).json()).toMatchObject({
        status: 'accepted',
      });
    }
    const [a = 0, b = 0, c = 0] = predicted('auto');
    expect(b).toBeGreaterThan(0.55);
    expect(a).toBeLessThan(0.45);
    expect(c).toBe(0.5);
  });

  it('is kept in the log with both models, and leaves averages of scores alone', async () => {
    const { a, b } = await regenerated('other');
    expect((await tell({ decision: a, preferred_to: b })).status).toBe(200);
    await settled(gateway.app.store);
    const facts = await gateway.app.store.observations(0, 1_000);
    const told = facts.filter(({ quantity }) => quantity === 'preference').at(-1);
    const aIsFirst = a < b;
    expect(told).toMatchObject({
      route: 'other',
      model: aIsFirst ? 'a' : 'b',
      against: aIsFirst ? 'b' : 'a',
      value: aIsFirst ? 1 : 0,
    });
    expect(new Set(predicted('other'))).toEqual(new Set([0.5]));
    const sums = gateway.app.router.routes.get('other')?.estimators.quality?.estimator.save().arrays['sums'];
    expect(sums).toHaveLength(0);
  });

  it('needs two decisions of one route that are there', async () => {
    const { a } = await regenerated();
    const { b } = await regenerated('other');
    for (const other of [b, 'dec_nothing']) {
      const answer = await tell({ decision: a, preferred_to: other });
      expect(answer.status).toBe(404);
      expect(await answer.text()).toContain('No two decisions of this key on one route');
    }
  });
});
