import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { backendsFile, exampleOf, renderBackends } from '../../scripts/docs-backends.ts';
import { createOllama } from '../../src/backends/ollama.ts';
import { createOpenAiCompatible } from '../../src/backends/openai-compatible.ts';
import { parseConfig } from '../../src/config/load.ts';
import { presets, type Preset, type PresetName } from '../../src/config/presets.ts';
import type { Backend } from '../../src/core/backend.ts';
import type { Target } from '../../src/core/candidate.ts';
import { systemClock } from '../../src/core/clock.ts';
import { startFakeUpstream, status, type Answer, type FakeUpstream } from '../helpers/fake-upstream.ts';
import { ask, bodyOf, question, type Told } from './fixtures.ts';

/** Each preset as the YAML makes it, against a server that says what the provider documents; see the README there. */
const folder = new URL('../fixtures/presets/', import.meta.url);
const text = (file: string): string => readFileSync(new URL(file, folder), 'utf8');

interface Case {
  readonly status?: number;
  readonly body?: unknown;
  readonly message?: string;
  readonly sent?: Readonly<Record<string, unknown>>;
  readonly expected?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

let fake: FakeUpstream;
let openAi: Backend;
let ollama: Backend;

beforeAll(async () => {
  fake = await startFakeUpstream();
  openAi = createOpenAiCompatible({ clock: systemClock });
  ollama = createOllama({ clock: systemClock });
});
afterEach(() => fake.always(status(500, '{}')));
afterAll(async () => {
  await openAi.close();
  await ollama.close();
  await fake.close();
});

/** The target that an operator gets who writes `preset: NAME`; only its address is ours. */
function targetOf(preset: string): Target {
  const yaml = `models:\n  - { id: m, preset: ${preset}, base_url: "${fake.baseUrl}", api_key: sk-preset, context_tokens: 4096 }`;
  const target = parseConfig(yaml, null).models[0]?.targets[0];
  return target ?? expect.fail('no target');
}

const sends =
  (body: string, type: string): Answer =>
  async (reply) => {
    reply.head(200, { 'content-type': type });
    // Half a line at a time: no event may depend on how it was cut.
    for (let i = 0; i < body.length; i += 97) await reply.write(body.slice(i, i + 97));
    reply.end();
  };

const askFor = (preset: string, stream: boolean, more: Readonly<Record<string, unknown>> = {}, promptTokens = 20) => {
  const target = targetOf(preset);
  return ask(target.backend === 'ollama' ? ollama : openAi, target, {
    stream,
    promptTokens,
    includeUsage: stream,
    body: bodyOf({ ...question, ...(stream ? { stream } : {}), ...more }),
  });
};

interface Chunk {
  readonly choices: readonly { readonly delta: Readonly<Record<string, unknown>> }[];
  readonly usage?: unknown;
}

const chunksOf = (told: Told): readonly Chunk[] =>
  told.text.split('\n\n').flatMap((event) => {
    const data = event.split('\n').find((line) => line.startsWith('data: {'));
    return data === undefined ? [] : [JSON.parse(data.slice(6)) as Chunk];
  });

const deltasOf = (told: Told): readonly Record<string, unknown>[] =>
  chunksOf(told).flatMap(({ choices }) => choices.map(({ delta }) => delta));

const joined = (told: Told, name: string): string =>
  deltasOf(told)
    .map((delta) => delta[name])
    .filter((value) => typeof value === 'string')
    .join('');

const quirks = Object.entries<Preset>(presets).flatMap(([name, preset]) =>
  preset.quirks.map((quirk) => ({ name, ...quirk })),
);
const files = [...new Set(quirks.map(({ name, fixture }) => `${name} ${fixture}`))].map((pair) => pair.split(' '));
const ofKind = (end: string) => files.filter(([, file = '']) => file.endsWith(end));

describe('every quirk', () => {
  it('has a fixture that says where it was written from, and every fixture is of a quirk', () => {
    const used = new Set(quirks.map(({ fixture }) => fixture));
    const there = readdirSync(folder).filter((file) => file !== 'README.md');
    expect([...used].sort()).toEqual(there.sort());
    for (const file of there) {
      if (file.endsWith('.ndjson')) continue;
      expect(text(file), file).toMatch(/^(: Written from https:\S+; not recorded\.|\{\s+"written_from": "https:)/);
    }
  });
});

describe('how a quirk is known', () => {
  it.each(quirks.map((quirk) => [quirk.name, quirk.what, quirk] as const))('%s: %s', (_, __, { source }) => {
    expect(new URL(source).protocol).toBe('https:');
  });

  it('stands in the docs', () => {
    const page = renderBackends();
    for (const { what, checked, source } of quirks) {
      const line = page.split('\n').find((each) => each.startsWith(`- ${what} (`)) ?? expect.fail(what);
      expect(line).toContain(`([${checked}](${source})`);
    }
  });
});

describe('streams', () => {
  it.each(ofKind('.sse').filter(([, file]) => !file?.includes('error')))(
    '%s: %s is an answer of one token with its usage, told once and apart',
    async (name = '', file = '') => {
      fake.next(sends(text(file), 'text/event-stream'));
      const told = await askFor(name, true);
      expect(told.failure).toBeNull();
      expect(joined(told, 'content')).toBe('4');
      expect(told.result).toMatchObject({ usage: { inputTokens: 20, outputTokens: 5 }, finishReason: 'stop' });
      const apart = chunksOf(told).filter(({ choices, usage }) => usage && choices.length === 0);
      expect(apart).toHaveLength(1);
      expect(told.text.endsWith('data: [DONE]\n\n')).toBe(true);
      // Comments and chunks without a word are no output: they may not end the wait for the first token.
      const first = told.pieces[told.outputs.indexOf(true)]?.toString() ?? '';
      expect(first).toMatch(/"(content|reasoning|reasoning_content)":"[^"]+"/);
    },
  );

  it.each([
    ['vllm', 'vllm-reasoning.sse', 'reasoning', 'Let me '],
    ['sglang', 'sglang-reasoning.sse', 'reasoning_content', 'Let me think.'],
    ['deepseek', 'deepseek-reasoning.sse', 'reasoning_content', 'Let me think.'],
    ['openrouter', 'openrouter-comments.sse', 'reasoning', 'Let me think.'],
  ])('%s: thoughts survive under the name they came by', async (name, file, field, thought) => {
    fake.next(sends(text(file), 'text/event-stream'));
    expect(joined(await askFor(name, true), field)).toBe(thought);
  });

  it('openrouter: what the provider says it cost is believed; deepseek: cached tokens are known', async () => {
    fake.next(sends(text('openrouter-comments.sse'), 'text/event-stream'));
    expect((await askFor('openrouter', true)).result?.costUsd).toBe(0.00014);
    fake.next(sends(text('deepseek-reasoning.sse'), 'text/event-stream'));
    expect((await askFor('deepseek', true)).result?.usage?.cachedTokens).toBe(16);
  });

  it.each(ofKind('.sse').filter(([, file]) => file?.includes('error')))(
    '%s: %s is a failure, never the end of an answer',
    async (name = '', file = '') => {
      fake.next(sends(text(file), 'text/event-stream'));
      const told = await askFor(name, true);
      expect(told.failure?.kind).toBe('cut');
      expect(told.failure?.error.message).toMatch(/out of memory|disconnected/);
      expect(told.text).not.toContain('[DONE]');
    },
  );
});

describe('answers and requests', () => {
  const cases = ofKind('.json').map(([name = '', file = '']) => [name, file, JSON.parse(text(file)) as Case] as const);

  it.each(cases.filter(([, , { body }]) => body !== undefined))(
    '%s: %s is told in its own words',
    async (name, _, told) => {
      fake.next(status(told.status ?? 0, JSON.stringify(told.body)));
      const { failure } = await askFor(name, false);
      expect(failure?.status).toBe(told.status);
      expect(failure?.error.message).toContain(told.message);
      expect(failure?.retryable).toBe((told.status ?? 0) >= 500);
    },
  );

  it.each(cases.filter(([, , { sent }]) => sent !== undefined))(
    '%s: %s is sent so',
    async (name, _, { sent, expected, headers }) => {
      await askFor(name, sent?.['stream'] === true, sent);
      const request = fake.requests.at(-1);
      expect(request?.json()).toEqual({ ...question, model: 'm', ...expected });
      if (headers) {
        expect(request?.headers).toMatchObject(headers);
        expect(request?.headers).not.toHaveProperty('authorization');
      }
    },
  );

  it('history carries thoughts under the name that the provider takes', async () => {
    const messages = [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: '4', reasoning_content: 'Let me think.' },
      { role: 'user', content: 'and?' },
    ];
    await askFor('groq', false, { messages });
    expect(fake.requests.at(-1)?.json()['messages']).toEqual([
      messages[0],
      { role: 'assistant', content: '4', reasoning: 'Let me think.' },
      messages[2],
    ]);
  });
});

describe('docs/backends.md', () => {
  it('is what the presets say; if not: npx tsx scripts/docs-backends.ts', () => {
    expect(readFileSync(backendsFile, 'utf8')).toBe(renderBackends());
  });

  it.each(Object.entries<Preset>(presets))('has an example of %s that reads', (name, preset) => {
    const environment = preset.keyVariable === null ? {} : { [preset.keyVariable]: 'sk-preset' };
    const { models } = parseConfig(`models:\n${exampleOf(name, preset)}\n`, null, { environment });
    expect(models[0]?.targets).toHaveLength(1);
  });
});

describe('every preset', () => {
  it.each(Object.keys(presets))('%s makes a target that its backend takes', (name) => {
    const { baseUrl }: Preset = presets[name as PresetName];
    const yaml = `models:\n  - { id: m, preset: ${name}, context_tokens: 4096${baseUrl === null ? ', base_url: "https://r.openai.azure.com/openai/v1"' : ''} }`;
    const [target] = parseConfig(yaml, null).models[0]?.targets ?? [];
    expect(target?.baseUrl).toBe(baseUrl ?? 'https://r.openai.azure.com/openai/v1');
  });

  it('can be overruled option by option', () => {
    const yaml = 'models:\n  - { id: m, preset: mistral, options: { stream_usage: true } }';
    expect(parseConfig(yaml, null).models[0]?.targets[0]?.options).toEqual({
      stream_usage: true,
      max_tokens_field: 'max_tokens',
      reasoning_field: 'none',
    });
  });

  it('mistral rewrites ids of tool calls, unless the target says otherwise; others leave them', () => {
    const idsOf = (fields: string) =>
      parseConfig(`models:\n  - { id: m, ${fields} }`, null).models[0]?.targets[0]?.toolCallIds;
    expect(idsOf('preset: mistral')).toBe('alphanumeric-9');
    expect(idsOf('preset: mistral, tool_call_ids: at-most-40')).toBe('at-most-40');
    expect(idsOf('preset: groq')).toBeUndefined();
  });

  it('azure-openai says where to find its address', () => {
    expect(() => parseConfig('models:\n  - { id: m, preset: azure-openai }', null)).toThrow(/base_url/);
  });
});
