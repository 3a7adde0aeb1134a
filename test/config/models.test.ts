import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { read, refusal } from './read.ts';

const paid = 'base_url: "https://api.known.example/v1"';

describe('models', () => {
  it('makes one target out of the short form', () => {
    const { models } = read(
      `models: [{ id: known, ${paid}, api_key: "\${K}", region: eu, timeouts: { idle_ms: 7 }, options: { stream_usage: false } }]`,
      { K: 'sk-1' },
    );
    expect(models).toHaveLength(1);
    expect(models[0]).toMatchObject({ id: 'known', simulated: false });
    expect({ ...models[0]?.targets[0], apiKey: models[0]?.targets[0]?.apiKey }).toEqual({
      id: 'known@api.known.example',
      backend: 'openai-compatible',
      baseUrl: 'https://api.known.example/v1',
      upstreamModel: null,
      apiKey: 'sk-1',
      local: false,
      region: 'eu',
      weight: 1,
      timeouts: { connectMs: 5000, firstTokenMs: 60000, idleMs: 7, totalMs: 600000 },
      options: { stream_usage: false },
    });
  });

  it('takes what it is told of a model, and only days for days', () => {
    const { models } = read(
      `models: [{ id: a, ${paid}, profile: { size_billions: 8, licence: Apache-2.0 } }, { id: b, ${paid}, profile: { released: 2025-01-31 } }, { id: c, ${paid} }]`,
    );
    expect(models.map(({ profile }) => profile)).toEqual([
      { sizeBillions: 8, released: null, licence: 'apache-2.0' },
      { sizeBillions: null, released: '2025-01-31', licence: null },
      undefined,
    ]);
    expect(refusal(`models: [{ id: a, ${paid}, profile: { released: January } }]`)).toMatch(/released/);
  });

  it('lets targets inherit what the model says and say otherwise', () => {
    const { models } = read(
      `
models:
  - id: m
    price: { input: 1, output: 2 }
    api_key: \${K}
    upstream_model: org/m
    timeouts: { connect_ms: 1, idle_ms: 2 }
    targets:
      - base_url: http://gpu-1:8000/v1/
      - base_url: http://gpu-1:8000/other
        api_key: \${L}
        upstream_model: m-awq
        weight: 3
        timeouts: { idle_ms: 9 }
      - { id: third, base_url: "http://gpu-2:8000/v1" }
`,
      { K: 'k', L: 'l' },
    );
    const targets = models[0]?.targets ?? [];
    expect(
      targets.map(({ id, baseUrl, apiKey, upstreamModel, weight }) => [id, baseUrl, apiKey, upstreamModel, weight]),
    ).toEqual([
      ['m@gpu-1:8000', 'http://gpu-1:8000/v1', 'k', 'org/m', 1],
      ['m@gpu-1:8000#2', 'http://gpu-1:8000/other', 'l', 'm-awq', 3],
      ['third', 'http://gpu-2:8000/v1', 'k', 'org/m', 1],
    ]);
    expect(targets.map(({ timeouts }) => [timeouts.connectMs, timeouts.idleMs])).toEqual([
      [1, 2],
      [1, 9],
      [1, 2],
    ]);
  });

  it('never gives two targets one id', () => {
    const { models } = read(`
models:
  - { id: a, price: { input: 0, output: 0 }, targets: [{ id: "b@h", base_url: "http://h/v1" }] }
  - { id: b, price: { input: 0, output: 0 }, base_url: "http://h/v1" }
`);
    expect(models.flatMap(({ targets }) => targets.map(({ id }) => id))).toEqual(['b@h', 'b@h#2']);
    expect(
      refusal('models: [{ id: a, targets: [{ id: x, base_url: "http://h/v1" }, { id: x, base_url: "http://i/v1" }] }]'),
    ).toContain('models[0].targets[1].id: "x" is already the id of another target');
  });

  it('fills price, context and capabilities from the table, and the file goes first', () => {
    const [model] = read(`models: [{ id: known, ${paid} }]`).models;
    expect(model).toMatchObject({ price: { input: 2, cachedInput: 1, output: 8 }, contextTokens: 1000 });
    expect([...(model?.capabilities ?? [])]).toEqual(['tools', 'images']);

    const [own] = read(
      `models: [{ id: known, ${paid}, price: { input: 5, output: 6 }, context_tokens: 9, capabilities: [] }]`,
    ).models;
    expect(own).toMatchObject({ price: { input: 5, cachedInput: 5, output: 6 }, contextTokens: 9 });
    expect(own?.capabilities?.size).toBe(0);
  });

  it.each(['known-2026-01-31', 'known-20260131', 'known@20260131'])('takes the row of %s from the undated id', (id) => {
    expect(read(`models: [{ id: "${id}", ${paid} }]`).models[0]?.price?.input).toBe(2);
  });

  it('looks under the name that the upstream knows', () => {
    expect(read(`models: [{ id: mine, upstream_model: known, ${paid} }]`).models[0]?.price?.input).toBe(2);
    expect(read(`models: [{ id: known, upstream_model: secret-tune, ${paid} }]`).models[0]?.price).toBeNull();
  });

  it("does not take a provider's price for the operator's own GPU, nor for a reseller", () => {
    const gpu = read('models: [{ id: known, base_url: "http://gpu-1:8000/v1" }]');
    expect(gpu.models[0]).toMatchObject({ price: null, contextTokens: 1000 });
    expect(gpu.warnings[0]).toBe(
      'test.yaml:1:10 models[0]: nobody knows what "known" costs here, so it is listed and not routed; ' +
        'at api.known.example it costs { input: 2, cached_input: 1, output: 8 }; write price: { input: 0, output: 0 } ' +
        'or what your hardware costs you per million tokens.',
    );
    const reseller = read('models: [{ id: known, base_url: "https://cheap.example/v1" }]');
    expect(reseller.models[0]?.price).toBeNull();
    expect(reseller.warnings[0]).toContain('write price: { input: 2, cached_input: 1, output: 8 }');
    const both = read(`models: [{ id: known, targets: [{ ${paid} }, { base_url: "https://cheap.example/v1" }] }]`);
    expect(both.models[0]?.price).toBeNull();
  });

  it('leaves what nobody knows unknown, lists it, and says so', () => {
    const config = read('models: [{ id: novel, base_url: "https://x.example/v1" }]');
    expect(config.models[0]).toMatchObject({ id: 'novel', price: null, contextTokens: null, capabilities: null });
    expect(config.warnings).toHaveLength(2);
    expect(config.warnings[1]).toContain('routes.auto: none of its models has a known price');
  });

  it('refuses ids that stand twice, targets that cannot be called, and half-simulated models', () => {
    expect(refusal(`models: [{ id: a, ${paid} }, { id: a, ${paid} }]`)).toContain(
      'models[1].id: "a" is already the id of models[0]',
    );
    expect(refusal('models: [{ id: a }]')).toContain('models[0]: "base_url" is missing');
    expect(refusal(`models: [{ id: a, targets: [{ ${paid} }, { backend: simulated }] }]`)).toContain(
      'by all of its targets',
    );
  });
});

describe('secrets', () => {
  const yaml = `
models: [{ id: known, ${paid}, api_key: "\${K}" }]
keys: [{ name: web, key: "\${GATE}" }]
`;
  const secrets = { K: 'sk-upstream-secret', GATE: 'gateway-secret-of-web' };

  it('are there for those who use them and nowhere else', () => {
    const config = read(yaml, secrets);
    expect(config.models[0]?.targets[0]?.apiKey).toBe(secrets.K);
    for (const shown of [JSON.stringify(config), inspect(config, { depth: 9 })]) {
      expect(shown).not.toContain(secrets.K);
      expect(shown).not.toContain(secrets.GATE);
    }
    expect(JSON.stringify(config)).toContain('"apiKey":"***"');
  });

  it('do not stand in errors', () => {
    expect(refusal(`${yaml}wrong: 1\n`, secrets)).not.toContain('secret-of-web');
    expect(refusal(yaml, { ...secrets, K: 'sk-with\nbreak' })).toBe(
      'test.yaml:2:74 models[0].api_key: holds a space, line break or non-ASCII character, which no header can carry.',
    );
  });

  it('are warned of when they stand in the file or travel in the clear', () => {
    const inFile = read(`models: [{ id: known, ${paid}, api_key: sk-in-file }]`);
    expect(inFile.warnings.join()).toContain('models[0].api_key: a secret stands in the file');
    const clear = read('models: [{ id: known, base_url: "http://api.known.example/v1", api_key: "${K}" }]', { K: 'k' });
    expect(clear.warnings.join()).toContain('travels unencrypted to api.known.example');
    expect(read(`models: [{ id: known, ${paid}, api_key: "\${K}" }]`, { K: 'k' }).warnings).toEqual([]);
    const local = 'models: [{ id: a, price: { input: 0, output: 0 }, base_url: "http://gpu-1/v1", api_key: none }]';
    expect(read(local).warnings).toEqual([]);
  });
});

describe('the configuration', () => {
  it('is frozen all the way down', () => {
    const config = read(`models: [{ id: known, ${paid}, options: { deep: { list: [1] } } }]`);
    const open: string[] = [];
    const walk = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null || value instanceof Set) return;
      if (!Object.isFrozen(value)) open.push(path);
      for (const [key, inner] of Object.entries(value)) walk(inner, `${path}.${key}`);
    };
    walk(config, 'config');
    expect(open).toEqual([]);
  });
});
