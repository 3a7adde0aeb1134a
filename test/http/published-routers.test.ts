import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { PolicyDefinition } from '../../src/core/policy.ts';
import { loadCatalogue } from '../../src/routing/catalogue.ts';
import { ask, startGateway, type RunningGateway } from '../helpers/running-gateway.ts';

/** Every policy and every estimator of the catalogue, and every route of docs/routers.md, served by a whole gateway. */
const { policies, estimators } = await loadCatalogue();
const page = readFileSync(new URL('../../docs/routers.md', import.meta.url), 'utf8');
const recipes = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
const recipeNames = Object.keys(parse(recipes).routes);

const question = { messages: [{ role: 'user', content: 'Why is the sky blue?' }], max_tokens: 4 };
const chosen = async (gateway: RunningGateway, model: string, more: object = {}): Promise<Headers> => {
  const { status, headers, text } = await ask(gateway.url, { ...question, model, ...more });
  expect([model, status, text]).toEqual([model, 200, expect.stringContaining('"choices"')]);
  return headers;
};

describe('docs/routers.md', () => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await startGateway(recipes);
  });
  afterAll(() => gateway.close());

  test.each(recipeNames)('serves %s', async (name) => {
    const headers = await chosen(gateway, name);
    expect(['small', 'large']).toContain(headers.get('x-pointsman-model'));
    expect(headers.get('x-pointsman-degraded')).toBeNull();
  });

  test('the tag of a request decides by the table', async () => {
    for (const [task, model] of [
      ['code', 'large'],
      ['chat', 'small'],
    ]) {
      const headers = await chosen(gateway, 'modem', { pointsman: { tags: { task } } });
      expect([headers.get('x-pointsman-model'), headers.get('x-pointsman-reason')]).toEqual([model, `task is ${task}`]);
    }
    const { headers } = await ask(gateway.url, { ...question, model: 'modem' }, { 'x-pointsman-tags': 'task=code' });
    expect(headers.get('x-pointsman-model')).toBe('large');
  });

  test("RouteLLM's names ask the route whose estimator they mean", async () => {
    for (const [name, route] of [
      ['router-mf-0', 'routellm-mf'],
      ['router-sw_ranking-0', 'routellm-sw'],
    ] as const) {
      const headers = await chosen(gateway, name);
      // From 0 on everything is strong.
      expect([headers.get('x-pointsman-route'), headers.get('x-pointsman-model')]).toEqual([route, 'large']);
    }
  });
});

describe('the catalogue', () => {
  const models = ['small', 'large'];
  const example = (definition: PolicyDefinition): Record<string, unknown> => {
    const options: unknown = definition.example(models);
    return Object.fromEntries(Object.entries(typeof options === 'object' && options !== null ? options : {}));
  };
  const policyRoutes = Object.fromEntries(
    [...policies].map(([type, definition]) => [
      `policy-${type}`,
      {
        policy: { ...example(definition), type },
        estimators: {
          quality: 'knn',
          cost: 'mean',
          ...(definition.uses.includes('latency') && { latency: 'latency' }),
        },
      },
    ]),
  );
  const estimatorRoutes = Object.fromEntries(
    [...estimators].map(([type, { quantities }]) => [
      `estimator-${type}`,
      {
        policy: 'preference-conditioned',
        estimators: {
          quality: 'mean',
          cost: 'mean',
          latency: 'latency',
          ...Object.fromEntries(quantities.map((quantity) => [quantity, type])),
        },
      },
    ]),
  );
  let gateway: RunningGateway;
  beforeAll(async () => {
    const { models } = parse(recipes);
    gateway = await startGateway(JSON.stringify({ models, routes: { ...policyRoutes, ...estimatorRoutes } }));
  });
  afterAll(() => gateway.close());

  test.each([...policies.keys()])('serves the policy %s', async (type) => {
    const headers = await chosen(gateway, `policy-${type}`);
    expect(headers.get('x-pointsman-policy')).toBe(type);
    expect(headers.get('x-pointsman-degraded')).toBeNull();
  });

  test.each([...estimators])('serves with the estimator %s, and learns', async (type, { quantities }) => {
    const headers = await chosen(gateway, `estimator-${type}`);
    expect(headers.get('x-pointsman-degraded')).toBeNull();
    if (quantities.includes('quality')) {
      expect(Number(headers.get('x-pointsman-predicted-quality'))).toBeGreaterThanOrEqual(0);
    }
  });
});
