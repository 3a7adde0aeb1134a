import { describe, expect, it } from 'vitest';
import { createSimulated } from '../../src/backends/simulated.ts';
import type { BackendCall } from '../../src/core/backend.ts';
import { manualClock, systemClock } from '../../src/core/clock.ts';
import { plantedSkills } from '../../src/math/planted-world.ts';
import { ask, bodyOf, callOf, targetAt } from './fixtures.ts';

const backend = createSimulated({ clock: manualClock(1_700_000_000_000) });
const target = targetAt('', {
  id: 'medium@simulated',
  upstreamModel: null,
  options: { skills: plantedSkills.medium, output_tokens: 40, seed: 7 },
});

const asking = (content: unknown, more: Record<string, unknown> = {}): Partial<BackendCall> => ({
  model: 'medium',
  stream: more['stream'] === true,
  body: bodyOf({ model: 'auto', messages: [{ role: 'user', content }], ...more }),
});

interface Completion {
  choices: { message: { content: string }; finish_reason: string }[];
  usage: { prompt_tokens: number; completion_tokens: number; total_tokens: number };
  simulated: { subject: string; quality: number };
  system_fingerprint: string;
  model: string;
}
const parse = (text: string): Completion => JSON.parse(text) as Completion;

describe('simulated', () => {
  it('answers in OpenAI’s shape and says what it is', async () => {
    const told = await ask(backend, target, asking('Debug this python function'));
    const body = parse(told.text);
    expect(body).toMatchObject({ model: 'medium', system_fingerprint: 'simulated', simulated: { subject: 'code' } });
    expect(body.choices[0]?.message.content).toMatch(/^\[simulated\] medium on a question of code/);
    expect(body.usage).toEqual({ prompt_tokens: 7, completion_tokens: 40, total_tokens: 47 });
    expect(told.result).toEqual({
      usage: { inputTokens: 7, cachedTokens: 0, outputTokens: 40 },
      costUsd: null,
      finishReason: 'stop',
    });
  });

  it('streams the very same text', async () => {
    const whole = parse((await ask(backend, target, asking('Solve the equation'))).text);
    const told = await ask(backend, target, asking('Solve the equation', { stream: true }));
    const events = told.text.split('\n\n').filter((text) => text !== '');
    expect(events.at(-1)).toBe('data: [DONE]');
    const chunks = events.slice(0, -1).map(
      (text) =>
        JSON.parse(text.slice(6)) as {
          choices: { delta: { content?: string }; finish_reason: string | null }[];
          simulated?: unknown;
        },
    );
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(
      whole.choices[0]?.message.content,
    );
    expect(chunks.at(-1)).toMatchObject({ choices: [{ finish_reason: 'stop' }], simulated: whole.simulated });
    expect(told.outputs[0]).toBe(false);
    expect(told.text).not.toContain('"usage"');
  });

  it('adds the usage chunk where it was asked for', async () => {
    const told = await ask(backend, target, { ...asking('hi', { stream: true }), includeUsage: true });
    const last = told.text.split('\n\n').at(-3) ?? '';
    expect(JSON.parse(last.slice(6))).toMatchObject({ choices: [], usage: { completion_tokens: 40 } });
  });

  it('is the same for the same seed and differs with the seed', async () => {
    const qualities = async (seed: number): Promise<number[]> => {
      const seeded = { ...target, options: { ...target.options, seed } };
      const all = Array.from({ length: 40 }, (_, i) => ask(backend, seeded, asking(`Translate sentence ${i}`)));
      return (await Promise.all(all)).map(({ text }) => parse(text).simulated.quality);
    };
    expect(await qualities(1)).toEqual(await qualities(1));
    expect(await qualities(1)).not.toEqual(await qualities(2));
  });

  it('is as good at each subject as was planted', async () => {
    const share = async (model: 'small' | 'medium' | 'large', ask_: string): Promise<number> => {
      const skilled = { ...target, options: { skills: plantedSkills[model] } };
      const all = Array.from({ length: 400 }, (_, i) => ask(backend, skilled, asking(`${ask_} ${i}`)));
      const qualities = (await Promise.all(all)).map(({ text }) => parse(text).simulated.quality);
      return qualities.reduce((sum, quality) => sum + quality, 0) / qualities.length;
    };
    // 400 draws: three standard deviations are at most 0.075.
    expect(Math.abs((await share('medium', 'python regex number')) - plantedSkills.medium.code)).toBeLessThan(0.075);
    expect(Math.abs((await share('small', 'python regex number')) - plantedSkills.small.code)).toBeLessThan(0.075);
    expect(Math.abs((await share('large', 'prove the theorem number')) - plantedSkills.large.math)).toBeLessThan(0.075);
  });

  it.each(['max_tokens', 'max_completion_tokens'])('honours %s', async (key) => {
    for (const stream of [false, true]) {
      const { result } = await ask(backend, target, asking('hello', { [key]: 5, stream }));
      expect(result).toMatchObject({ finishReason: 'length', usage: { outputTokens: 5 } });
    }
  });

  it('reads text parts of the last user message', async () => {
    const parts = [{ type: 'image_url' }, { type: 'text', text: 'Refactor this rust code' }];
    expect(parse((await ask(backend, target, asking(parts))).text).simulated.subject).toBe('code');
  });

  it('replays what was recorded, and makes up what was not', async () => {
    const recording = createSimulated({
      clock: systemClock,
      recorded: (model, prompt) =>
        model === 'medium' && prompt === 'known'
          ? { answer: 'The recorded  answer.\n', costUsd: 0.25, quality: 0.75 }
          : null,
    });
    const known = await ask(recording, target, asking('known'));
    expect(parse(known.text)).toMatchObject({
      choices: [{ message: { content: 'The recorded  answer.\n' } }],
      simulated: { subject: null, quality: 0.75 },
    });
    expect(known.result?.costUsd).toBe(0.25);
    expect((await ask(recording, target, asking('unknown'))).text).toContain('[simulated]');
  });

  it('takes its time, by the options', async () => {
    const slow = { ...target, options: { skills: {}, output_tokens: 30, base_latency_ms: 50, ms_per_token: 2 } };
    const timed = createSimulated({ clock: systemClock });
    const startedAt = performance.now();
    const told = await ask(timed, slow, asking('hi', { stream: true }));
    // 40 ms is the shortest first token; 29 more tokens are due 58 ms later.
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(95);
    expect(told.pieces.length).toBe(1 + 30 + 1);
  });

  it('goes silent when aborted, before the first token and after', async () => {
    for (const abortAfter of [0, 3]) {
      const slow = { ...target, options: { skills: {}, output_tokens: 50, base_latency_ms: 5, ms_per_token: 1 } };
      let told = 0;
      const timed = createSimulated({ clock: systemClock });
      const handle = timed.call(callOf(slow, asking('hi', { stream: true })), {
        answer() {},
        data() {
          if (++told === abortAfter) handle.abort();
          return true;
        },
        end: () => expect.unreachable(),
        fail: () => expect.unreachable(),
      });
      if (abortAfter === 0) handle.abort();
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(told).toBe(abortAfter);
    }
  });

  it('waits for a slow reader and loses nothing', async () => {
    const fast = { ...target, options: { skills: {}, output_tokens: 30 } };
    const reference = (await ask(backend, fast, asking('hi', { stream: true }))).text;
    let text = '';
    await new Promise<void>((resolve) => {
      const handle = backend.call(callOf(fast, asking('hi', { stream: true })), {
        answer() {},
        data(bytes) {
          text += bytes.toString();
          setImmediate(() => handle.resume());
          return false;
        },
        end: () => resolve(),
        fail: () => expect.unreachable(),
      });
    });
    expect(text).toBe(reference);
  });
});
