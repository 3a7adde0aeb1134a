import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { read, refusal } from './read.ts';

const models = 'models: [{ id: m, base_url: "http://gpu:1/v1", price: { input: 1, output: 1 } }]\n';
const guide = readFileSync(new URL('../../docs/resilience.md', import.meta.url), 'utf8');

describe('the settings of docs/resilience.md', () => {
  it.each([...guide.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml = '']) => [yaml]))('are valid: %s', (yaml) => {
    expect(read(yaml.startsWith('models') ? yaml : models + yaml).models.length).toBeGreaterThan(0);
  });

  it('are nothing where they are not written', () => {
    const config = read(models);
    expect(config.limits.upstream).toEqual({});
    for (const name of ['capacity', 'healthCheck', 'loadMetrics', 'toolCallIds']) {
      expect(config.models[0]?.targets[0]).not.toHaveProperty(name);
    }
    for (const name of ['hedge', 'session', 'degrade']) expect(config.routes[0]).not.toHaveProperty(name);
  });

  it('get their defaults, and targets inherit from their model', () => {
    const config = read(`
models:
  - id: m
    price: { input: 1, output: 1 }
    balance: least-load
    capacity: { concurrency: 3 }
    health_check: {}
    load_metrics: { path: /prometheus }
    tool_call_ids: alphanumeric-9
    targets: [{ base_url: "http://a:1/v1" }, { base_url: "http://b:1/v1", capacity: { concurrency: 9, queue: 4 } }]
routes: { auto: { hedge: {}, session: { cache_lifetime_s: 60 }, overload: { degrade: true } } }
limits: { retry_wait_ms: 0, breaker: { slow_ms: 50, error_rate: 0.2 } }
`);
    const [a, b] = config.models[0]?.targets ?? [];
    expect(config.models[0]?.balance).toBe('least-load');
    expect(a).toMatchObject({
      capacity: { concurrency: 3, queue: 0, queueMs: 10_000 },
      healthCheck: { path: 'models', intervalMs: 10_000, timeoutMs: 2_000, failures: 2 },
      loadMetrics: { path: '/prometheus', intervalMs: 1_000, timeoutMs: 1_000 },
      toolCallIds: 'alphanumeric-9',
    });
    expect(b?.capacity).toEqual({ concurrency: 9, queue: 4, queueMs: 10_000 });
    expect(config.routes[0]).toMatchObject({
      hedge: { quantile: 0.95, minMs: 50, maxShare: 0.1 },
      session: { stay: true, switchMargin: 0, cacheLifetimeMs: 60_000 },
      degrade: true,
    });
    expect(config.limits.upstream).toEqual({ retryWaitMs: 0, slowMs: 50, errorRate: 0.2 });
  });

  it.each([
    ['models: [{ id: m, base_url: "http://a:1/v1", balance: round-robin }]', 'balance'],
    ['models: [{ id: m, base_url: "http://a:1/v1", capacity: { concurrency: 0 } }]', 'concurrency'],
    [`${models}routes: { auto: { hedge: { quantile: 1 } } }`, 'quantile'],
    [`${models}routes: { auto: { session: { lifetime: 3 } } }`, 'lifetime'],
    [`${models}limits: { breaker: { error_rate: 2 } }`, 'error_rate'],
  ])('are refused where they are wrong: %s', (yaml, place) => {
    expect(refusal(yaml)).toContain(place);
  });
});
