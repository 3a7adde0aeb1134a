import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';

const read = (queue: string, environment: Record<string, string> = {}) =>
  parseConfig(`models: [{ id: m, backend: simulated }]\nqueue: ${queue}\n`, null, { environment });

describe('queue', () => {
  it('is embedded unless a Redis is named', () => {
    expect(read('{ type: embedded }').queue).toEqual({ type: 'embedded' });
  });

  it('has an address for people and a URL that nothing prints', () => {
    const { queue, warnings } = read('{ type: bullmq, url: "rediss://:${SECRET}@redis-1/2" }', { SECRET: 'hush-hush' });
    expect(queue).toMatchObject({ address: 'rediss://redis-1:6379/2', prefix: 'pointsman', keepEvents: 20_000 });
    expect(queue.type === 'bullmq' && queue.url).toBe('rediss://:hush-hush@redis-1/2');
    expect(`${inspect(queue)} ${JSON.stringify(queue)} ${JSON.stringify({ ...queue })}`).not.toContain('hush');
    expect(warnings.join()).not.toContain('secret');
  });

  it('warns of a password in the file without repeating it', () => {
    const { warnings } = read('{ type: bullmq, url: "redis://:hush-hush@redis-1" }');
    expect(warnings.join()).toMatch(/queue\.url: a secret stands in the file/);
    expect(warnings.join()).not.toContain('hush');
  });

  it.each([
    ['{ type: bullmq }', /has no "url"/],
    ['{ type: bullmq, url: "http://:hush-hush@redis-1" }', /is no Redis URL/],
    ['{ type: bullmq, url: "redis-1:6379" }', /is no Redis URL/],
    ['{ type: embedded, url: "redis://redis-1" }', /is of no use to an embedded queue/],
    ['{ type: bullmq, url: "redis://redis-1", prefix: "a b" }', /queue\.prefix/],
    ['{ type: kafka }', /embedded/],
  ])('%s is refused', (queue, says) => {
    expect(() => read(queue)).toThrow(says);
    expect(() => read(queue)).not.toThrow(/hush/);
  });
});
