import * as fc from 'fast-check';
import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { checkShape } from '../../src/config/check-shape.ts';
import { configSchema } from '../../src/config/schema.ts';
import { readYaml } from '../../src/config/yaml-source.ts';

const validator = Compile(configSchema);

/** Valid in every part, so that a change anywhere is likely to matter. */
const whole = readYaml(
  `listen: { host: 127.0.0.1, port: 0, body_limit_mb: 20 }
auth: keys
keys: [{ name: a, key: k, tenant: t, routes: [r], scopes: [chat], usd_per_day: 1 }]
aliases: { "x*": r }
models:
  - id: m
    price: { input: 1, cached_input: 0, output: 2 }
    context_tokens: 10
    capabilities: [tools]
    targets: [{ id: t, base_url: "http://h", weight: 1, timeouts: { idle_ms: 1 }, options: { a: 1 } }]
routes:
  r: { models: "*", policy: { type: p, any: 1 }, estimators: { cost: e }, lambda: 1, exploration: { epsilon: 0 } }
  s: { models: [m], policy: p, limits: { usd_per_day: 0 } }
embedder: { type: hashing, size: 3 }
estimators: { e: { type: knn, k: 3, learn: false } }
storage: { path: p, retention: { decisions_days: 1 } }
queue: { type: embedded }
limits: { usd_per_day: 1, max_attempts: 1 }
learning: { enabled: true, snapshot_every: 1 }
policy_dirs: [a]
x-mine: anything
`,
  'whole.yaml',
).value;

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Replaces, removes or adds one thing somewhere below. */
function mutate(value: unknown, steps: readonly number[], what: unknown, kind: 'replace' | 'remove' | 'add'): unknown {
  const [step, ...rest] = steps;
  const entries = Array.isArray(value)
    ? value.map((item, i) => [String(i), item] as const)
    : isMap(value)
      ? Object.entries(value)
      : [];
  const chosen = step === undefined ? undefined : entries[step % Math.max(1, entries.length)];
  if (chosen === undefined) {
    if (kind === 'add' && isMap(value)) return { ...value, added: what };
    return kind === 'add' && Array.isArray(value) ? [...value, what] : what;
  }
  const [key, inner] = chosen;
  const remove = kind === 'remove' && rest.length === 0;
  const changed = entries.flatMap(([name, item]) => {
    if (name !== key) return [[name, item] as const];
    return remove ? [] : [[name, mutate(inner, rest, what, kind)] as const];
  });
  return Array.isArray(value) ? changed.map(([, item]) => item) : Object.fromEntries(changed);
}

describe('checkShape', () => {
  it('accepts what typebox accepts, unchanged', () => {
    expect(validator.Check(whole)).toBe(true);
    expect(checkShape(configSchema, whole, new Set())).toEqual({ value: whole, problems: [] });
  });

  it('finds fault exactly where typebox does, whatever is changed', () => {
    const junk = fc.oneof(
      fc.constantFrom(
        '',
        '*',
        'simulated',
        'chat',
        null,
        true,
        0,
        -1,
        1.5,
        2 ** 40,
        [],
        {},
        ['x'],
        { type: 'y' },
        { id: 'z' },
      ),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(
        fc.array(fc.nat(30), { maxLength: 6 }),
        junk,
        fc.constantFrom('replace', 'remove', 'add'),
        (steps, what, kind) => {
          const changed = mutate(whole, steps, what, kind);
          const { problems } = checkShape(configSchema, changed, new Set());
          expect({ changed, faulty: problems.length > 0 }).toEqual({ changed, faulty: !validator.Check(changed) });
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('reads numbers and booleans out of the environment, and only there', () => {
    const yaml = { models: [{ id: 'm', context_tokens: '5', local: 'true' }] };
    expect(checkShape(configSchema, yaml, new Set()).problems).toHaveLength(2);
    const from = new Set(['models[0].context_tokens', 'models[0].local', 'models[0].id']);
    expect(checkShape(configSchema, yaml, from)).toEqual({
      value: { models: [{ id: 'm', context_tokens: 5, local: true }] },
      problems: [],
    });
  });

  it('leaves text that looks like a number text', () => {
    const { value, problems } = checkShape(configSchema, { models: [{ id: '42' }] }, new Set(['models[0].id']));
    expect(problems).toEqual([]);
    expect(value).toEqual({ models: [{ id: '42' }] });
  });
});
