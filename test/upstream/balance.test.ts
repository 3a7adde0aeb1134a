import { describe, expect, it } from 'vitest';
import { conversationHead } from '../../src/core/conversation-head.ts';
import { seededRandom } from '../../src/core/random.ts';
import { balance } from '../../src/upstream/balance.ts';
import { readLoad } from '../../src/upstream/load-watch.ts';
import { TargetLoads } from '../../src/upstream/target-loads.ts';
import { withToolCallIds } from '../../src/upstream/tool-call-ids.ts';
import { targetOf } from './fixtures.ts';

const three = ['x', 'y', 'z'].map((id) => targetOf(id, ''));
const random = seededRandom('balance');
const pick = (rule: Parameters<typeof balance>[0], loads: TargetLoads, head: string | null = null, among = three) =>
  balance(rule, among, loads, { head, uniform: random.next() })?.id;

describe('balance', () => {
  it('least-load: the fewest calls for its weight', () => {
    const loads = new TargetLoads();
    for (const id of ['x', 'x', 'y']) loads.begin(id, 1);
    expect(pick('least-load', loads)).toBe('z');
    loads.begin('z', 1);
    loads.begin('z', 1);
    expect(pick('least-load', loads)).toBe('y');
    const weighted = [targetOf('x', '', { weight: 10 }), targetOf('y', '')];
    expect(pick('least-load', loads, null, weighted)).toBe('x');
    loads.end('x', 1);
    loads.end('x', 1);
    expect(loads.calls('x')).toBe(0);
  });

  it('least-load: equal ones share', () => {
    const loads = new TargetLoads();
    expect(new Set(Array.from({ length: 60 }, () => pick('least-load', loads))).size).toBe(3);
  });

  it('length-aware: one long prompt weighs more than two short ones', () => {
    const loads = new TargetLoads();
    loads.begin('x', 50_000);
    for (const id of ['y', 'y', 'z', 'z', 'z']) loads.begin(id, 100);
    expect(pick('length-aware', loads)).toBe('y');
    expect(pick('least-load', loads)).toBe('x');
  });

  it('prefix-affine: a conversation keeps its target, conversations spread', () => {
    const loads = new TargetLoads();
    const homes = new Map<string, number>();
    for (let i = 0; i < 300; i++) {
      const home = pick('prefix-affine', loads, `head ${i}`) ?? '';
      expect(pick('prefix-affine', loads, `head ${i}`)).toBe(home);
      homes.set(home, (homes.get(home) ?? 0) + 1);
    }
    // Four standard deviations of a binomial with p = 1/3 over 300 are 33.
    for (const count of homes.values()) expect(Math.abs(count - 100)).toBeLessThan(33);
  });

  it('prefix-affine: a target that goes moves only its own conversations', () => {
    const loads = new TargetLoads();
    const [x, y] = three;
    for (let i = 0; i < 100; i++) {
      const before = pick('prefix-affine', loads, `head ${i}`);
      const after = pick('prefix-affine', loads, `head ${i}`, [x!, y!]);
      if (before !== 'z') expect(after).toBe(before);
    }
  });

  it('prefix-affine: yields to load, and comes back', () => {
    const loads = new TargetLoads();
    const home = pick('prefix-affine', loads, 'busy') ?? '';
    for (let i = 0; i < 4; i++) loads.begin(home, 1);
    expect(pick('prefix-affine', loads, 'busy')).not.toBe(home);
    for (let i = 0; i < 4; i++) loads.end(home, 1);
    expect(pick('prefix-affine', loads, 'busy')).toBe(home);
  });

  it('what a server reports counts until its next report, with our own calls since', () => {
    const loads = new TargetLoads();
    loads.report('x', { running: 5, waiting: 2, cacheUse: 0.5 });
    expect(loads.calls('x')).toBe(7);
    loads.begin('x', 1);
    expect(loads.calls('x')).toBe(8);
    loads.report('x', { running: 1, waiting: 0, cacheUse: 0.99 });
    expect(loads.calls('x')).toBe(2);
    loads.report('x', null);
    expect(loads.calls('x')).toBe(1);
  });
});

describe('readLoad', () => {
  it.each([
    [
      'vLLM',
      '# HELP vllm:num_requests_running x\n# TYPE vllm:num_requests_running gauge\nvllm:num_requests_running{engine="0",model_name="m"} 3.0\nvllm:num_requests_running{engine="1",model_name="m"} 1.0\nvllm:num_requests_waiting{engine="0",model_name="m"} 2.0\nvllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.25\n',
      { running: 4, waiting: 2, cacheUse: 0.25 },
    ],
    [
      'SGLang',
      'sglang:num_running_reqs{model_name="m"} 7\nsglang:num_queue_reqs{model_name="m"} 0\nsglang:token_usage{model_name="m"} 0.9',
      { running: 7, waiting: 0, cacheUse: 0.9 },
    ],
    [
      'llama.cpp',
      'llamacpp:requests_processing 1\nllamacpp:requests_deferred 4\n',
      { running: 1, waiting: 4, cacheUse: null },
    ],
  ])('%s', (_, text, load) => expect(readLoad(text)).toEqual(load));

  it.each(['', '<html>', 'process_cpu_seconds_total 3', 'vllm:num_requests_running NaN'])(
    'knows nothing of %j',
    (text) => {
      expect(readLoad(text)).toBeNull();
    },
  );
});

describe('the head of a conversation', () => {
  it('is everything up to the first user message, in any format', () => {
    const messages = [
      { role: 'system', content: 's' },
      { role: 'user', content: 'a' },
    ];
    const head = conversationHead({ messages });
    expect(conversationHead({ messages: [...messages, { role: 'user', content: 'b' }] })).toBe(head);
    expect(conversationHead({ messages: [{ role: 'system', content: 't' }, messages[1]] })).not.toBe(head);
    expect(conversationHead({ system: 's', messages: [messages[1]] })).toBe(head);
    expect(conversationHead({ prompt: 'once upon' })).not.toBeNull();
    expect(conversationHead({ input: [{ role: 'user', content: 'hi' }] })).not.toBeNull();
    for (const nothing of [{}, { messages: [] }, { messages: [null, { role: 'user' }] }]) {
      expect(conversationHead(nothing)).toBeNull();
    }
  });
});

describe('ids of tool calls', () => {
  const chat = (id: string) => {
    const call = { id, type: 'function', function: { name: 'f', arguments: '{}' } };
    const parsed = {
      model: 'auto',
      messages: [
        { role: 'user', content: 'go' },
        { role: 'assistant', content: null, tool_calls: [call, { ...call, id: 'abcdefghi' }] },
        { role: 'tool', tool_call_id: id, content: 'done' },
      ],
    };
    return { parsed, raw: Buffer.from(JSON.stringify(parsed)) };
  };

  it.each([
    ['alphanumeric-9' as const, 'toolu_01A09q90qw90lq917835lq9', /^[A-Za-z0-9]{9}$/],
    ['at-most-40' as const, `fc_${'x'.repeat(60)}`, /^[A-Za-z0-9_-]{1,40}$/],
  ])('%s: a call and its result get the same valid id, always the same; the rest stays', (rule, id, valid) => {
    const next = withToolCallIds(chat(id), rule);
    expect(JSON.parse(next.raw.toString())).toEqual(next.parsed);
    const text = JSON.stringify(next.parsed);
    const ids = [...text.matchAll(/"(?:tool_call_)?id":"([^"]+)"/g)].map(([, found]) => found);
    expect(ids).toEqual([ids[0], 'abcdefghi', ids[0]]);
    expect(ids[0]).toMatch(valid);
    expect(withToolCallIds(chat(id), rule).raw.equals(next.raw)).toBe(true);
    expect(withToolCallIds(chat(`${id}2`), rule).raw.equals(next.raw)).toBe(false);
    const blanked = JSON.stringify(chat(id).parsed).replaceAll(id, ids[0] ?? '');
    expect(text).toBe(blanked);
  });

  it('a body that offends nobody goes on as it came', () => {
    const body = chat('abc123def');
    expect(withToolCallIds(body, 'alphanumeric-9')).toBe(body);
    const plain = { parsed: { prompt: 'x' }, raw: Buffer.from('{}') };
    expect(withToolCallIds(plain, 'at-most-40')).toBe(plain);
  });
});
