import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOllama } from '../../src/backends/ollama.ts';
import { createOpenAiCompatible } from '../../src/backends/openai-compatible.ts';
import { createSimulated } from '../../src/backends/simulated.ts';
import type { Backend, BackendCall } from '../../src/core/backend.ts';
import { systemClock } from '../../src/core/clock.ts';
import { startFakeUpstream, status, type FakeUpstream } from '../helpers/fake-upstream.ts';
import { ask, bodyOf, targetAt } from './fixtures.ts';

let fake: FakeUpstream;
let openAi: Backend;
let ollama: Backend;
let simulated: Backend;

beforeAll(async () => {
  fake = await startFakeUpstream();
  openAi = createOpenAiCompatible({ clock: systemClock });
  ollama = createOllama({ clock: systemClock });
  simulated = createSimulated({ clock: systemClock });
});
afterAll(async () => {
  await Promise.all([openAi.close(), ollama.close(), simulated.close()]);
  await fake.close();
});

const vector = (length: number): number[] => Array.from({ length }, (_, i) => i / 8);
const base64 = (length: number): string => Buffer.from(Float32Array.from(vector(length)).buffer).toString('base64');
const openAiRows = (rows: readonly unknown[]): string =>
  JSON.stringify({
    object: 'list',
    data: rows.map((embedding, index) => ({ object: 'embedding', index, embedding })),
    usage: { prompt_tokens: 2, total_tokens: 2 },
  });

function embed(backend: Backend, answer: string, more: Partial<BackendCall> = {}, asked: Record<string, unknown> = {}) {
  fake.next(status(200, answer));
  const target =
    backend === ollama
      ? targetAt(fake.baseUrl, { backend: 'ollama', options: { num_ctx: 512 } })
      : targetAt(fake.baseUrl);
  return ask(backend, target, {
    format: 'openai-embedding',
    body: bodyOf({ model: 'm', input: ['a', 'b'], ...asked }),
    ...more,
  });
}

describe('an embedding of another length than promised', () => {
  it.each([
    ['numbers', openAiRows([vector(4), vector(3)]), 3],
    ['base64', openAiRows([base64(4), base64(5)]), 5],
    ['no vector at all', openAiRows([vector(4), 7]), 0],
  ])('is no answer, and another target may be asked: %s', async (_, answer, length) => {
    const { failure, text } = await embed(openAi, answer, { dimensions: 4 });
    expect(failure).toMatchObject({ kind: 'garbage', retryable: true });
    expect(failure?.error.message).toContain(`a vector of ${length} numbers where 4 were promised (dimensions)`);
    expect(text).toBe('');
  });

  it('is what the client asked for where it asked for a length', async () => {
    const short = await embed(openAi, openAiRows([vector(2), vector(2)]), { dimensions: 4 }, { dimensions: 2 });
    expect(short.failure).toBeNull();
    const ignored = await embed(openAi, openAiRows([vector(4), vector(4)]), { dimensions: 4 }, { dimensions: 2 });
    expect(ignored.failure?.error.message).toContain('4 numbers where 2 were promised');
  });

  it('right lengths go through byte for byte, and nothing is checked where nothing was promised', async () => {
    const right = openAiRows([vector(4), base64(4)]);
    expect((await embed(openAi, right, { dimensions: 4 })).text).toBe(right);
    const unknown = openAiRows([vector(4), vector(3)]);
    expect((await embed(openAi, unknown)).text).toBe(unknown);
  });

  it("is none of Ollama's either", async () => {
    const answer = (...rows: readonly number[][]): string => JSON.stringify({ embeddings: rows, prompt_eval_count: 2 });
    const wrong = await embed(ollama, answer(vector(4), vector(3)), { dimensions: 4 });
    expect(wrong.failure?.error.message).toContain('3 numbers where 4 were promised');
    expect((await embed(ollama, answer(vector(4), vector(4)), { dimensions: 4 })).failure).toBeNull();
  });

  it('simulated models keep the promise of the YAML', async () => {
    const told = await ask(simulated, targetAt('', { backend: 'simulated' }), {
      format: 'openai-embedding',
      body: bodyOf({ model: 'm', input: 'a' }),
      dimensions: 5,
    });
    expect((JSON.parse(told.text) as { data: [{ embedding: number[] }] }).data[0].embedding).toHaveLength(5);
  });
});
