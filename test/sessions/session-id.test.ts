import { describe, expect, it } from 'vitest';
import { sessionIdOf } from '../../src/sessions/session-id.ts';
import { stageOf } from '../../src/sessions/stage.ts';
import { query } from '../routing/build.ts';

const ask = (content: unknown) => ({ role: 'user', content });
const system = { role: 'system', content: 'You are a careful assistant.' };
const first = { messages: [system, ask('Write a parser')] };
const later = { messages: [system, ask('Write a parser'), { role: 'assistant', content: 'Here.' }, ask('Faster')] };
const id = (body: Record<string, unknown>, headers = {}, more = {}): string | null =>
  sessionIdOf(query(more), 'auto', body, headers);

describe('the id of a conversation', () => {
  it('stays the same from turn to turn by its head, and differs where the head does', () => {
    expect(id(first)).toBe(id(later));
    expect(id(first)).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(id({ messages: [system, ask('Write a poem')] })).not.toBe(id(first));
    expect(id({ messages: [ask([{ type: 'text', text: 'Write a parser' }])] })).toBe(
      id({ messages: [ask('Write a parser')] }),
    );
  });

  it('prefers what says it outright, in this order', () => {
    const headers = { session_id: 'h' };
    const metadata = { session_id: 'm' };
    const all = { ...first, prompt_cache_key: 'k', metadata, user: 'u' };
    const ids = [
      id(all, headers, { wishes: { session: 'w' } }),
      id(all, headers),
      id({ ...all, prompt_cache_key: undefined }, headers),
      id({ ...all, prompt_cache_key: undefined }),
      id({ ...first, user: 'u' }),
      id(first),
    ];
    expect(new Set(ids).size).toBe(6);
    // Whatever comes after the first that is given changes nothing.
    expect(id({ ...first, prompt_cache_key: 'k' })).toBe(ids[1]);
    expect(id(later, headers)).toBe(ids[2]);
    expect(id({ ...later, metadata })).toBe(ids[3]);
  });

  it('reads the session out of an agent’s user_id', () => {
    const of = (session: string) => id({ ...first, metadata: { user_id: `user_1_account__session_${session}` } });
    expect(of('a')).not.toBe(of('b'));
    expect(of('a')).toBe(id({ messages: [ask('other')], metadata: { user_id: 'user_9_account__session_a' } }));
  });

  it('one person’s conversations are several', () => {
    expect(id({ ...first, user: 'u' })).toBe(id({ ...later, user: 'u' }));
    expect(id({ ...first, user: 'u' })).not.toBe(id({ messages: [ask('other')], user: 'u' }));
    expect(id({ ...first, user: 'u' })).not.toBe(id({ ...first, user: 'v' }));
  });

  it('is never shared between tenants, routes, or sources', () => {
    const named = { wishes: { session: 's' } };
    const foreign = { ...named, caller: { tenant: 'b', key: null } };
    expect(id(first, {}, named)).not.toBe(id(first, {}, foreign));
    expect(sessionIdOf(query(named), 'other', first, {})).not.toBe(id(first, {}, named));
    expect(id({ ...first, prompt_cache_key: 's' })).not.toBe(id(first, {}, named));
  });

  it('is null where there is nothing to know one by', () => {
    expect(id({ messages: [] })).toBeNull();
    expect(id({})).toBeNull();
  });
});

describe('the stage', () => {
  const tool = (content: unknown, more = {}) => ({ role: 'tool', tool_call_id: 'c', content, ...more });

  it('counts turns of people, and tools since the last of them', () => {
    expect(stageOf(first)).toEqual({ turn: 1, last: 'user', toolResults: 0, toolErrors: 0 });
    expect(stageOf({ messages: [...later.messages, tool('ok'), tool('Error: no such file')] })).toEqual({
      turn: 2,
      last: 'tool',
      toolResults: 2,
      toolErrors: 1,
    });
    expect(stageOf({ messages: [tool('Error: old'), ask('again')] })).toMatchObject({ toolErrors: 0, last: 'user' });
  });

  it.each([
    ['Traceback (most recent call last):', 1],
    ['<tool_use_error>File does not exist</tool_use_error>', 1],
    ['exit code 1: make failed', 1],
    [[{ type: 'text', text: 'Error: nope' }], 1],
    ['exit code 0', 0],
    ['There were no errors.', 0],
    ['', 0],
    [null, 0],
  ])('knows an error by how it begins: %j', (content, errors) => {
    expect(stageOf({ messages: [ask('go'), tool(content)] }).toolErrors).toBe(errors);
  });

  it('a user message of nothing but tool results is no turn', () => {
    const results = ask([{ type: 'tool_result', tool_use_id: 't', is_error: true, content: 'x' }]);
    expect(stageOf({ messages: [ask('go'), results] })).toEqual({
      turn: 1,
      last: 'tool',
      toolResults: 1,
      toolErrors: 1,
    });
  });

  it('whatever the body holds, it is a stage', () => {
    for (const messages of [undefined, null, 'x', [null, 3, {}], [{ role: 7 }]]) {
      expect(stageOf({ messages })).toEqual({ turn: 1, last: 'other', toolResults: 0, toolErrors: 0 });
    }
  });
});
