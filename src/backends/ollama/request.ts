import type { BackendCall } from '../../core/backend.ts';
import { isRecord } from '../json.ts';
import { ollamaMessages } from './messages.ts';
import type { OllamaSettings } from './options.ts';

type Json = Readonly<Record<string, unknown>>;

/** What is to be sent, and what of the client's request has no place in it. */
export interface OllamaRequest {
  readonly path: '/api/chat' | '/api/embed';
  readonly body: Buffer;
  readonly dropped: readonly string[];
  readonly images: number;
}

/** OpenAI's name to that of Ollama's `options`. */
const sampling: Readonly<Record<string, string>> = {
  temperature: 'temperature',
  top_p: 'top_p',
  top_k: 'top_k',
  min_p: 'min_p',
  seed: 'seed',
  frequency_penalty: 'frequency_penalty',
  presence_penalty: 'presence_penalty',
  repeat_penalty: 'repeat_penalty',
};

/** Said in another way, or of no meaning upstream. */
const understood: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'stream',
  'stream_options',
  'tools',
  'response_format',
  'max_tokens',
  'max_completion_tokens',
  'stop',
  'reasoning_effort',
  'user',
  'metadata',
  'store',
  'prompt_cache_key',
  'pointsman',
]);

/** `/api/chat`. Throws NotCarried for messages that Ollama cannot hold. */
export function chatRequest(call: BackendCall, model: string, settings: OllamaSettings): OllamaRequest {
  const { parsed } = call.body;
  const messages = ollamaMessages(parsed['messages']);
  const options: Record<string, unknown> = { num_ctx: settings.contextTokens };
  const dropped: string[] = [];
  for (const [name, value] of Object.entries(parsed)) {
    if (value === null || understood.has(name)) continue;
    const option = sampling[name];
    if (option !== undefined) options[option] = value;
    else if (!isNothing(name, value)) dropped.push(name);
  }
  const limit = parsed['max_completion_tokens'] ?? parsed['max_tokens'];
  if (typeof limit === 'number') options['num_predict'] = limit;
  const { stop } = parsed;
  if (typeof stop === 'string') options['stop'] = [stop];
  else if (Array.isArray(stop)) options['stop'] = stop;
  const body = {
    model,
    messages,
    stream: call.stream,
    options,
    // Servers that know it refuse what they would otherwise cut in silence; others ignore it and are watched.
    truncate: false,
    ...memberOf('tools', toolsOf(parsed)),
    ...memberOf('format', formatOf(parsed['response_format'])),
    ...memberOf('think', thinkOf(parsed['reasoning_effort'])),
    ...memberOf('keep_alive', settings.keepAlive ?? undefined),
  };
  const images = messages.reduce((sum, { images: each }) => sum + (Array.isArray(each) ? each.length : 0), 0);
  return { path: '/api/chat', body: Buffer.from(JSON.stringify(body)), dropped, images };
}

/** `/api/embed`: texts only; what is too long is refused, not cut. */
export function embedRequest(call: BackendCall, model: string, settings: OllamaSettings): OllamaRequest {
  const { input, dimensions } = call.body.parsed;
  const body = {
    model,
    input,
    truncate: false,
    options: { num_ctx: settings.contextTokens },
    ...memberOf('dimensions', dimensions ?? undefined),
    ...memberOf('keep_alive', settings.keepAlive ?? undefined),
  };
  return { path: '/api/embed', body: Buffer.from(JSON.stringify(body)), dropped: [], images: 0 };
}

const memberOf = (name: string, value: unknown): Json => (value === undefined ? {} : { [name]: value });

/** A field that asks for what would be anyway. */
function isNothing(name: string, value: unknown): boolean {
  switch (name) {
    case 'n':
      return value === 1;
    case 'logprobs':
      return value === false;
    case 'tool_choice':
      return value === 'auto';
    case 'parallel_tool_calls':
      return value === true;
    default:
      return false;
  }
}

/** `tool_choice: none` is said by offering none. */
function toolsOf({ tools, tool_choice: choice }: Json): unknown {
  return Array.isArray(tools) && tools.length > 0 && choice !== 'none' ? tools : undefined;
}

function formatOf(format: unknown): unknown {
  if (!isRecord(format)) return undefined;
  if (format['type'] === 'json_object') return 'json';
  const schema = format['json_schema'];
  return format['type'] === 'json_schema' && isRecord(schema) ? schema['schema'] : undefined;
}

function thinkOf(effort: unknown): unknown {
  if (effort === 'none') return false;
  return effort === 'low' || effort === 'medium' || effort === 'high' ? effort : undefined;
}
