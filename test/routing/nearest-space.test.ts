import { describe, expect, test } from 'vitest';
import { createSpaceRule } from '../../src/app/space-rule.ts';
import type { Model } from '../../src/core/candidate.ts';
import type { Decision } from '../../src/core/decision.ts';
import type { Embedder } from '../../src/core/embedder.ts';
import type { PointsmanError } from '../../src/core/errors.ts';
import type { Wishes } from '../../src/core/query.ts';
import { createHashingEmbedder } from '../../src/embedding/hashing.ts';
import type { EligibilityContext } from '../../src/routing/eligibility.ts';
import { createRoute, type Route } from '../../src/routing/route.ts';
import { model, policy, query, settings, slot, target } from './build.ts';

const recipes = [
  'Stir the soup and add salt.',
  'Bake the bread in a hot oven.',
  'Chop the onions and fry them in butter.',
];
const code = ['Fix the null pointer exception in the Java class.', 'Write a function that sorts a list in Python.'];
const law = ['The contract is void under the statute.', 'The tenant shall pay the rent to the landlord.'];
const embedder = createHashingEmbedder({ dimensions: 512 });

const embeds = (id: string, space: string, change: Partial<Model> = {}): Model =>
  model(id, { embedding: { space, dimensions: 3 }, ...change });
const models = [
  embeds('cook', 'kitchen'),
  embeds('cook-mirror', 'kitchen'),
  embeds('coder', 'office', { targets: [target({ id: 'coder@here', local: true })] }),
  model('chat'),
];
const names = Object.fromEntries(models.map(({ id }) => [id, 0.5]));

async function routeOver(by: Embedder = embedder, seed = 'seed', chosen: readonly Model[] = models): Promise<Route> {
  const spaces = { examples: { kitchen: [recipes], office: [code, law] } };
  const rule = await createSpaceRule({ name: 'vectors', spaces }, embedder);
  const estimators = { quality: slot('quality', names), cost: slot('cost', names) };
  return createRoute(
    settings({ models: chosen, policy: policy('random'), estimators, embedder: by, spaces: rule, seed }),
  );
}

const asked = (text: string, wishes: Wishes = {}) =>
  query({ format: 'openai-embedding', text, wishes, maxOutputTokens: 0 });
async function decide(
  route: Route,
  text: string,
  context: EligibilityContext = {},
  wishes: Wishes = {},
): Promise<Decision> {
  return route.decide(asked(text, wishes), { id: 'dec_1', ...context });
}
const candidatesOf = ({ candidates }: Decision): readonly string[] => candidates.map(({ model }) => model);

describe('a route over several vector spaces', () => {
  test.each([
    ['Fry the onions, then add the soup.', ['cook', 'cook-mirror']],
    ['A Python function with a bug in its list.', ['coder']],
    ['May the landlord raise the rent?', ['coder']],
  ])('sends %j to the space whose domains it is nearest to, and to no other', async (text, expected) => {
    const decision = await decide(await routeOver(), text);
    expect(candidatesOf(decision)).toEqual(expected);
    // Fallbacks follow the ranking: none of another space is in it.
    expect(decision.ranking).toHaveLength(expected.length);
    expect(decision.removals.map(({ check }) => check)).toEqual(
      Array(models.length - expected.length).fill('embedding'),
    );
    expect(decision.removals.map(({ reason }) => reason).join()).toMatch(
      /nearer to the space (kitchen|office) \(0\.\d{3}\)/,
    );
    expect(decision.embedding).toEqual(embedder.embed(text));
  });

  test('a space is the mean over its domains, each a centroid of length 1', async () => {
    const rule = await createSpaceRule(
      { name: 'v', spaces: { examples: { a: [recipes, [code[0] ?? '']] } } },
      embedder,
    );
    const [first, second] = rule?.centroids.get('a') ?? [];
    const single = embedder.embed(code[0] ?? '');
    for (let i = 0; i < 512; i++) expect(second?.[i]).toBeCloseTo(single[i] ?? 0, 6);
    expect(Math.hypot(...(first ?? []))).toBeCloseTo(1, 6);
  });

  test('who is up does not change the space: a text never gets vectors of another one', async () => {
    const route = await routeOver();
    const text = 'Fry the onions, then add the soup.';
    expect(candidatesOf(await decide(route, text, { isUp: (id) => id !== 'cook' }))).toEqual(['cook-mirror']);
    // All of its space are down: they are tried all the same.
    expect(candidatesOf(await decide(route, text, { isUp: (id) => id === 'coder' }))).toEqual(['cook', 'cook-mirror']);
  });

  test('what the request allows does: within one space there is nothing to choose', async () => {
    const silent: Embedder = { ...embedder, embed: () => Promise.reject(new Error('asked')) };
    const route = await routeOver(silent);
    const text = 'Fry the onions, then add the soup.';
    expect(candidatesOf(await decide(route, text, {}, { models: ['coder'] }))).toEqual(['coder']);
    expect(candidatesOf(await decide(route, text, {}, { localOnly: true }))).toEqual(['coder']);
    expect(candidatesOf(await decide(route, text, { allowedModels: new Set(['cook']) }))).toEqual(['cook']);
    await expect(decide(route, text, {}, { models: ['chat'] })).rejects.toMatchObject({
      code: 'no_eligible_candidate',
    });
  });

  test('a text that tells nothing, or cannot be embedded, is refused: no space is a stand-in for another', async () => {
    const refusal = async (route: Route, text: string, wishes: Wishes = {}): Promise<PointsmanError> =>
      decide(route, text, {}, wishes).then(
        () => expect.fail('it was decided'),
        (thrown: PointsmanError) => thrown,
      );
    // Token numbers have no text.
    expect(await refusal(await routeOver(), '')).toMatchObject({ code: 'no_eligible_candidate', param: 'input' });
    const broken = await routeOver({ ...embedder, embed: () => Promise.reject(new Error('secret place')) });
    expect(await refusal(broken, 'soup')).toMatchObject({ code: 'embedder_unavailable', status: 503 });
    expect(String(await refusal(broken, 'soup'))).not.toContain('secret place');
    const local = models.map((each) => ({ ...each, targets: [target({ local: true })] }));
    const away = await routeOver(
      { ...embedder, local: false, embed: () => expect.fail('the text left') },
      'seed',
      local,
    );
    expect(await refusal(away, 'soup', { localOnly: true })).toMatchObject({ code: 'no_eligible_candidate' });
  });

  test('chat over the same route is decided as ever, and the version follows the examples', async () => {
    const route = await routeOver();
    const decision = await route.decide(query({ text: 'Fry the onions.' }), { id: 'dec_1' });
    expect(candidatesOf(decision)).toEqual(['chat']);
    const plain = createRoute(
      settings({
        models,
        policy: policy('random'),
        estimators: { quality: slot('quality', names), cost: slot('cost', names) },
        embedder,
      }),
    );
    expect(plain.policyVersion).not.toBe(route.policyVersion);
    expect(() => plain.decide(asked('soup'), { id: 'dec_1' })).toThrow('embeds into several spaces');
  });

  test('examples that cannot be embedded stop the start, with their place', async () => {
    const spaces = { name: 'v', spaces: { examples: { a: [recipes] } } };
    const broken: Embedder = { ...embedder, embed: () => Promise.reject(new Error('it is down')) };
    await expect(createSpaceRule(spaces, broken)).rejects.toThrow(
      'routes.v.spaces.examples.a: the examples cannot be embedded: it is down',
    );
    const empty: Embedder = { ...embedder, embed: () => new Float32Array(512) };
    await expect(createSpaceRule(spaces, empty)).rejects.toMatchObject({ code: 'invalid_config' });
  });
});
