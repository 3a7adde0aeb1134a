import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { HumanMessage } from '@langchain/core/messages';
import { ChatOpenAI } from '@langchain/openai';
import { streamText } from 'ai';
import OpenAI from 'openai';
import { seededRandom, type Random } from '../../src/core/random.ts';
import { startFakeUpstream, streamEvents, type Answer } from './fake-upstream.ts';
import { startGateway } from './running-gateway.ts';

/** What a client made of an answer that was cut. */
interface Seen {
  readonly text: string;
  /** Null: it took the part for the whole. */
  readonly error: unknown;
}

export interface CutCounts {
  readonly client: string;
  readonly cuts: number;
  /** Those that the client's program saw as an error. */
  readonly errors: number;
  /** Text that is no beginning of what the upstream sent: lost or doubled. Expected 0. */
  readonly garbled: number;
}

const whole = Array.from({ length: 24 }, (_, i) => ` wörd-${i}`);

/** Sends whole events up to some place behind the first word and before the end is told, and dies there: by RST or FIN. */
function cutAnywhere(random: Random): Answer {
  const events = streamEvents(whole);
  const bytes = Buffer.from(events.join(''));
  const first = Buffer.byteLength(events.slice(0, 2).join(''));
  const last = Buffer.byteLength(events.slice(0, 1 + whole.length).join(''));
  return async (reply) => {
    const at = first + random.integer(last - first);
    const pieces = 1 + random.integer(3);
    const how = random.next() < 0.5 ? 'reset' : 'finish';
    reply.head(200, { 'content-type': 'text/event-stream' });
    await reply.write(bytes.subarray(0, first));
    for (let i = 0; i < pieces; i++) {
      const from = first + Math.floor(((at - first) * i) / pieces);
      const to = first + Math.floor(((at - first) * (i + 1)) / pieces);
      if (to > from) await reply.write(bytes.subarray(from, to));
    }
    reply.cut(how);
  };
}

/** One stream each, read to its end as a program would. */
const clients: Readonly<Record<string, (baseURL: string) => Promise<Seen>>> = {
  async openai(baseURL) {
    const client = new OpenAI({ baseURL, apiKey: 'none', maxRetries: 0 });
    const messages = [{ role: 'user' as const, content: 'Count.' }];
    const chunks = await client.chat.completions.create({ model: 'auto', messages, stream: true });
    return collect(async (add) => {
      for await (const { choices } of chunks) add(choices[0]?.delta.content ?? '');
    });
  },
  async 'openai stream helper'(baseURL) {
    const client = new OpenAI({ baseURL, apiKey: 'none', maxRetries: 0 });
    const messages = [{ role: 'user' as const, content: 'Count.' }];
    return collect(async (add) => {
      const runner = client.chat.completions.stream({ model: 'auto', messages });
      runner.on('content', (delta) => add(delta));
      await runner.finalContent();
    });
  },
  async 'ai with @ai-sdk/openai-compatible'(baseURL) {
    const provider = createOpenAICompatible({ name: 'pointsman', baseURL, includeUsage: true });
    let error: unknown = null;
    let text = '';
    const onError = (told: { readonly error: unknown }): void => {
      error = told.error;
    };
    const { fullStream } = streamText({ model: provider('auto'), prompt: 'Count.', maxRetries: 0, onError });
    for await (const part of fullStream) if (part.type === 'text-delta') text += part.text;
    return { text, error };
  },
  async '@langchain/openai'(baseURL) {
    const model = new ChatOpenAI({ model: 'auto', apiKey: 'none', maxRetries: 0, configuration: { baseURL } });
    const chunks = await model.stream([new HumanMessage('Count.')]);
    return collect(async (add) => {
      for await (const chunk of chunks) add(chunk.text);
    });
  },
};

async function collect(read: (add: (text: string) => void) => Promise<void>): Promise<Seen> {
  let text = '';
  try {
    await read((more) => void (text += more));
    return { text, error: null };
  } catch (error) {
    return { text, error };
  }
}

/**
 * Every client of the matrix reads `count` streams whose upstream dies in the middle, at a place drawn by `seed`, eight at a time,
 * through the whole gateway over real sockets.
 */
export async function runClientCuts(
  count: number,
  seed: string,
  onClient: (counts: CutCounts) => void = () => undefined,
): Promise<readonly CutCounts[]> {
  const fake = await startFakeUpstream(cutAnywhere(seededRandom(seed)), { remember: 0 });
  const gateway = await startGateway(`
models: [{ id: words, base_url: ${fake.baseUrl}, price: { input: 1, output: 2 } }]
routes: { auto: { policy: { type: static, model: words }, estimators: { quality: mean, cost: mean } } }
limits: { breaker: { failures: 1000000, error_rate: 1 } }
`);
  const told: CutCounts[] = [];
  try {
    for (const [client, read] of Object.entries(clients)) {
      let left = count;
      let errors = 0;
      let garbled = 0;
      const worker = async (): Promise<void> => {
        while (left-- > 0) {
          const { text, error } = await read(`${gateway.url}/v1`);
          if (error !== null) errors++;
          if (!whole.join('').startsWith(text) || text === '') garbled++;
        }
      };
      await Promise.all(Array.from({ length: 8 }, worker));
      const counts = { client, cuts: count, errors, garbled };
      told.push(counts);
      onClient(counts);
    }
  } finally {
    await gateway.close();
    await fake.close();
  }
  return told;
}
