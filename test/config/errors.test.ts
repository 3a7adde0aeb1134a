import { describe, expect, it } from 'vitest';
import { model, read, refusal } from './read.ts';

describe('what a refused file is told', () => {
  it('names file, line, column, path and the nearest key', () => {
    expect(refusal('models:\n  - id: a\n    bakend: simulated\n')).toBe(
      'test.yaml:3:5 models[0].bakend: unknown key; did you mean "backend"?',
    );
  });

  it('lists everything that is wrong at once, each at its place', () => {
    const message = refusal(`models:
  - id: a
    backend: simulatd
    price: { input: -1, outptu: 2 }
listen: { port: 99999, host: 7 }
routs: {}
`);
    expect(message.split('\n')).toEqual([
      '7 problems in the configuration:',
      '  test.yaml:3:14 models[0].backend: "simulatd" is not one of its values; did you mean "simulated"?',
      '  test.yaml:4:12 models[0].price: "output" is missing (US dollars per million output tokens).',
      '  test.yaml:4:21 models[0].price.input: expected a number >= 0, found -1.',
      '  test.yaml:4:25 models[0].price.outptu: unknown key; did you mean "output"?',
      '  test.yaml:5:17 listen.port: expected a whole number >= 0 and <= 65535, found 99999.',
      '  test.yaml:5:30 listen.host: expected text, found 7; put it in quotes.',
      '  test.yaml:6:1 routs: unknown key; did you mean "routes"?',
    ]);
  });

  it.each([
    ['', '"models" is missing'],
    ['models: []', 'models: is empty'],
    ['models: nothing', 'expected a list, found "nothing"'],
    ['just text', '(root): expected a map, found "just text"'],
    ['models: [{ id: "" }]', 'models[0].id: is empty'],
    ['models: [{ id: "a b", backend: simulated }]', 'does not match'],
    ['models: [{ id: 4o, backend: simulated, context_tokens: 1.5 }]', 'expected a whole number >= 1, found 1.5'],
    ['models: [{ id: a, backend: simulated, local: maybe }]', 'expected true or false, found "maybe"'],
    [`${model}routes: { "a/b": {} }`, 'routes["a/b"]: a name here is letters, digits'],
    [`${model}routes: { auto: { policy: 3 } }`, 'expected text or a map, found 3'],
    [`${model}routes: { auto: { policy: { lambda: 3 } } }`, 'routes.auto.policy: "type" is missing'],
    [`${model}routes: { auto: { models: all } }`, 'expected "*" or a list, found "all"'],
    [`${model}routes: { auto: { exploration: { epsilon: 1.5 } } }`, 'expected a number >= 0 and <= 1, found 1.5'],
    [`${model}policyDirs: []`, 'did you mean "policy_dirs"?'],
  ])('%j', (yaml, expected) => {
    expect(refusal(yaml)).toContain(expected);
  });

  it('does not repeat a long value, which may be a secret', () => {
    const secret = 'sk-'.padEnd(60, 'x');
    expect(refusal(`models: [{ id: a, backend: simulated, price: "${secret}" }]`)).not.toContain(secret);
  });

  it('points into an anchor where it is used', () => {
    expect(refusal('x-t: &t { connect_ms: 0 }\nmodels:\n  - { id: a, backend: simulated, timeouts: *t }\n')).toContain(
      'models[0].timeouts.connect_ms: expected a whole number >= 1, found 0',
    );
  });
});

describe('the YAML itself', () => {
  it('refuses a key that stands twice, tabs and a second document, each with its place', () => {
    expect(refusal('models: []\nmodels: []\n')).toMatch(/test\.yaml:2:1 .*remove one of the two/);
    expect(refusal('models:\n\t- id: a\n')).toMatch(/test\.yaml:2:1 .*Indent with spaces/);
    expect(refusal(`${model}---\n${model}`)).toMatch(/more than one YAML document/);
  });

  it('says that a variable inside braces is to be quoted, and does not drown it in what follows', () => {
    const message = refusal('models:\n  - { id: a, api_key: ${KEY} }\nroutes: {}\n');
    expect(message).toContain('test.yaml:2:');
    expect(message).toContain('stands in quotes: "${NAME}"');
    expect(message.split('\n').length).toBeLessThanOrEqual(4);
  });

  it('knows anchors and merge keys', () => {
    const config = read(`x-base: &base { backend: simulated, price: { input: 1, output: 2 } }
models:
  - { <<: *base, id: a }
  - { <<: *base, id: b }
`);
    expect(config.models.map(({ id, price }) => [id, price?.output])).toEqual([
      ['a', 2],
      ['b', 2],
    ]);
  });

  it('does not unfold a bomb of aliases', () => {
    const levels = Array.from({ length: 12 }, (_, i) =>
      i === 0 ? 'x-0: &a0 [1,1,1,1,1,1,1,1]' : `x-${i}: &a${i} [${`*a${i - 1},`.repeat(8)}*a${i - 1}]`,
    );
    expect(refusal(`${levels.join('\n')}\n${model}`)).toContain('Excessive alias count');
  });
});
