import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { builtInEstimators } from '../../src/config/normalise-routes.ts';
import { model, read, refusal } from './read.ts';

const two = `models:
  - { id: a, backend: simulated, price: { input: 1, output: 2 } }
  - { id: b, backend: simulated, price: { input: 1, output: 2 } }
`;

describe('routes', () => {
  it('gives every file a route over all models', () => {
    const { routes, estimators } = read(two);
    expect(routes).toEqual([
      {
        name: 'auto',
        models: ['a', 'b'],
        policy: { type: 'epsilon-greedy', options: {} },
        mode: 'route',
        baseline: null,
        rewards: null,
        shadow: null,
        estimators: { quality: 'knn', cost: 'mean' },
        lambda: null,
        epsilon: 0,
        usdPerDay: null,
      },
    ]);
    expect(estimators.map(({ name, type, learn }) => [name, type, learn])).toEqual([
      ['knn', 'knn', true],
      ['mean', 'mean', true],
    ]);
  });

  it('reads everything a route may say', () => {
    const config = read(`${two}
routes:
  r:
    models: [b]
    policy: { type: threshold, strong: b, threshold: 0.2 }
    estimators: { quality: mine, latency: mean }
    lambda: 7
    exploration: { epsilon: 0.25 }
    limits: { usd_per_day: 3 }
  s: { policy: static }
estimators:
  mine: { type: ridge, alpha: 2, learn: false }
`);
    expect(config.routes[0]).toEqual({
      name: 'r',
      models: ['b'],
      policy: { type: 'threshold', options: { strong: 'b', threshold: 0.2 } },
      mode: 'route',
      baseline: null,
      rewards: null,
      shadow: null,
      estimators: { quality: 'mine', cost: 'mean', latency: 'mean' },
      lambda: 7,
      epsilon: 0.25,
      usdPerDay: 3,
    });
    expect(config.routes[1]?.policy).toEqual({ type: 'static', options: {} });
    expect(config.estimators[0]).toEqual({
      name: 'mine',
      type: 'ridge',
      options: { alpha: 2 },
      artefactPath: null,
      learn: false,
    });
  });

  it('observes, with the first model or the named one behind the route, and refuses a baseline that nobody reads', () => {
    const observing = (route: string) => read(`${two}routes: { r: { ${route} } }\n`).routes[0];
    expect(observing('mode: observe')).toMatchObject({ mode: 'observe', baseline: 'a' });
    expect(observing('mode: observe, baseline: b')).toMatchObject({ baseline: 'b' });
    expect(refusal(`${two}routes: { r: { mode: observe, models: [a], baseline: b } }\n`)).toContain('not among');
    expect(refusal(`${two}routes: { r: { baseline: b } }\n`)).toContain('mode: observe');
  });

  it('finds artefacts from the folder of the file', () => {
    const config = read(`${model}
routes:
  auto: { estimators: { quality: ./trained/rb, cost: entry } }
estimators:
  entry: { artefact: ../elsewhere, type: knn }
  fixed: { artefact: /abs/path }
`);
    expect(config.estimators.map(({ name, type, artefactPath }) => [name, type, artefactPath])).toEqual([
      ['entry', 'knn', '/etc/elsewhere'],
      ['fixed', null, '/abs/path'],
      ['./trained/rb', null, '/etc/pointsman/trained/rb'],
    ]);
  });

  it.each([
    ['routes: { r: { models: [a, c] } }', '4:28 routes.r.models[1]: no model has the id "c"'],
    ['routes: { r: { models: [a, a] } }', 'routes.r.models[1]: "a" stands twice'],
    ['routes: { r: { models: [] } }', 'routes.r.models: is empty'],
    ['routes: {}', 'routes: is empty'],
    ['routes: { a: {} }', '4:11 routes.a: "a" is also the id of a model'],
    ['routes: { r: { estimators: { quality: knm } } }', 'no estimator is called "knm"; did you mean "knn"?'],
    ['routes: { r: { estimators: { qualty: knn } } }', 'did you mean "quality"?'],
    ['estimators: { e: { k: 3 } }', 'estimators.e: needs a "type", an "artefact", or both'],
    ['aliases: { "gpt-*": nowhere }', 'aliases["gpt-*"]: no model or route is called "nowhere"'],
    ['aliases: { a: auto }', 'aliases.a: "a" is itself a model or route'],
  ])('refuses %s', (yaml, expected) => {
    expect(refusal(`${two}${yaml}\n`)).toContain(expected);
  });

  it('reports an unknown model where a list of one is empty of it', () => {
    expect(refusal(`${two}routes: { r: { models: [modelx] } }`)).toContain('known: "a", "b"');
  });

  it('takes aliases to models, routes and route/policy, in their order', () => {
    const { aliases } = read(`${two}aliases: { "gpt-*": auto, "claude*": a, "x*": auto/static }\n`);
    expect(Object.entries(aliases)).toEqual([
      ['gpt-*', 'auto'],
      ['claude*', 'a'],
      ['x*', 'auto/static'],
    ]);
  });

  it('knows the built-in estimators by their files', () => {
    const files = readdirSync(new URL('../../src/estimators/', import.meta.url)).filter((name) => name.endsWith('.ts'));
    expect(files.map((name) => name.slice(0, -3)).sort()).toEqual([...builtInEstimators]);
  });

  it('tells other rooms where a path stands', () => {
    const config = read(`${two}routes:\n  r:\n    policy: { type: p, weird: 1 }\naliases: { "g*": r }\n`);
    expect(config.locate('routes.r.policy.weird')).toBe('test.yaml:6:31');
    expect(config.locate('models[1].price')).toMatch(/^test\.yaml:3:/);
    expect(config.locate('aliases["g*"]')).toBe('test.yaml:7:18');
    expect(config.locate('routes.r.policy.absent')).toBe('test.yaml:6:13');
  });
});
