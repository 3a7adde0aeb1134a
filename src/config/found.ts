import { guardedFetch } from '../network/guarded-fetch.ts';
import type { Config } from './config.ts';
import type { LoadOptions } from './load.ts';
import { parseConfig } from './load.ts';
import type { PriceRow, PriceTable } from './price-table.ts';
import type { Environment } from './substitute.ts';

/** Asks a URL for JSON; null where nothing answers in time. Only ever used to list models. */
export type Probe = (url: string) => Promise<unknown>;

/** A model that could be used as it is: its key is set, or it runs on this machine. */
export interface FoundModel {
  readonly id: string;
  readonly provider: string;
  readonly local: boolean;
  /** Dollars per million tokens, three of input to one of output; 0 for local ones. */
  readonly blendedUsd: number;
  /** The entry under `models:` that would use it. */
  readonly yaml: string;
}

interface Provider {
  readonly name: string;
  readonly keys: readonly string[];
  readonly baseUrl: string;
  /** Rows of the price table, from cheap to dear: what a newcomer would want to route between. */
  readonly models: readonly string[];
}

/** Providers with an OpenAI-compatible endpoint and the variables that their own clients read. */
export const providers: readonly Provider[] = [
  {
    name: 'OpenAI',
    keys: ['OPENAI_API_KEY'],
    baseUrl: 'https://api.openai.com/v1',
    models: ['gpt-6-luna', 'gpt-6.1-terra', 'gpt-6-sol'],
  },
  {
    name: 'Anthropic',
    keys: ['ANTHROPIC_API_KEY'],
    baseUrl: 'https://api.anthropic.com/v1',
    models: ['claude-haiku-5-5', 'claude-sonnet-5-5', 'claude-opus-5-5'],
  },
  {
    name: 'Google Gemini',
    keys: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
    models: ['gemini-2.5-flash', 'gemini-3.8-flash', 'gemini-2.5-pro'],
  },
  {
    name: 'Mistral',
    keys: ['MISTRAL_API_KEY'],
    baseUrl: 'https://api.mistral.ai/v1',
    models: ['ministral-8b-2512', 'mistral-large-2512', 'mistral-large-4'],
  },
  {
    name: 'DeepSeek',
    keys: ['DEEPSEEK_API_KEY'],
    baseUrl: 'https://api.deepseek.com',
    models: ['deepseek-flash', 'deepseek-v4-pro'],
  },
  {
    name: 'Groq',
    keys: ['GROQ_API_KEY'],
    baseUrl: 'https://api.groq.com/openai/v1',
    models: ['llama-3.1-8b-instant', 'openai/gpt-oss-120b', 'llama-3.3-70b-versatile'],
  },
  {
    name: 'xAI',
    keys: ['XAI_API_KEY'],
    baseUrl: 'https://api.x.ai/v1',
    models: ['grok-4.3', 'grok-4.5'],
  },
  {
    name: 'OpenRouter',
    keys: ['OPENROUTER_API_KEY'],
    baseUrl: 'https://openrouter.ai/api/v1',
    models: ['google/gemini-2.5-flash'],
  },
  {
    name: 'Together',
    keys: ['TOGETHER_API_KEY'],
    baseUrl: 'https://api.together.xyz/v1',
    models: ['openai/gpt-oss-120b', 'Qwen/Qwen2.5-7B-Instruct-Turbo'],
  },
];

const usualOllama = 'http://127.0.0.1:11434';
/** Ollama has to be told, or it cuts what is longer than its own default without a word; every recent model takes this much. */
const usualContext = 8192;
const mostInAuto = 4;

/**
 * What could be used right now, cheapest first: providers whose key is in the environment, and the models of an Ollama
 * on its usual port. Reads variables and lists tags; never sends a prompt, never prints a key.
 */
export async function findProviders(environment: Environment, probe: Probe, table: PriceTable): Promise<FoundModel[]> {
  const paid = providers.flatMap((provider) => {
    const key = provider.keys.find((name) => (environment[name] ?? '') !== '');
    if (key === undefined) return [];
    const host = new URL(provider.baseUrl).hostname;
    return provider.models.flatMap((id) => {
      const row = table.find(id, host);
      return row === null ? [] : [paidModel(provider, key, row)];
    });
  });
  const ollama = ollamaUrl(environment);
  const local = readTags(await probe(`${ollama}/api/tags`)).map((id) => localModel(id, ollama));
  return unique([...local, ...paid]).sort((a, b) => a.blendedUsd - b.blendedUsd);
}

/** Two providers may sell one model; ids are unique, so the cheaper one stays. */
function unique(models: readonly FoundModel[]): FoundModel[] {
  const best = new Map<string, FoundModel>();
  for (const model of models) {
    const other = best.get(model.id);
    if (other === undefined || model.blendedUsd < other.blendedUsd) best.set(model.id, model);
  }
  return [...best.values()];
}

function paidModel(provider: Provider, key: string, row: PriceRow): FoundModel {
  return {
    id: row.id,
    provider: provider.name,
    local: false,
    blendedUsd: (3 * row.price.input + row.price.output) / 4,
    yaml: `  - id: ${quote(row.id)}
    base_url: ${provider.baseUrl}
    api_key: \${${key}}
`,
  };
}

/** Where `OLLAMA_HOST`, which Ollama itself reads, says; it may leave the scheme or the port out, and name every address. */
function ollamaUrl(environment: Environment): string {
  const said = environment['OLLAMA_HOST'] ?? '';
  const text = /^https?:\/\//.test(said) ? said : `http://${said}`;
  if (said === '' || !URL.canParse(text)) return usualOllama;
  const url = new URL(text);
  if (url.port === '' && url.protocol === 'http:') url.port = '11434';
  if (url.hostname === '0.0.0.0' || url.hostname === '[::]') url.hostname = '127.0.0.1';
  return url.origin;
}

function localModel(id: string, ollama: string): FoundModel {
  return {
    id,
    provider: 'Ollama',
    local: true,
    blendedUsd: 0,
    yaml: `  - id: ${quote(id)}
    preset: ollama
    base_url: ${ollama}
    options: { num_ctx: ${usualContext} } # tokens of context: more takes more memory, and longer prompts go elsewhere
    price: { input: 0, output: 0 } # your own hardware: write what it costs you
`,
  };
}

const quote = (text: string): string => (/^[\w./-]+$/.test(text) ? text : JSON.stringify(text));

/** Names of chat models in Ollama's answer, biggest first; embedding models are left out. */
function readTags(answer: unknown): string[] {
  const models = property(answer, 'models');
  if (!Array.isArray(models)) return [];
  return models
    .flatMap((model: unknown) => {
      const name = property(model, 'name');
      const size = property(model, 'size');
      return typeof name === 'string' && /^\S+$/.test(name) && !/embed|bge-|minilm/i.test(name)
        ? [{ name, size: typeof size === 'number' ? size : 0 }]
        : [];
    })
    .sort((a, b) => b.size - a.size || (a.name < b.name ? -1 : 1))
    .map(({ name }) => name);
}

/** A member of a stranger's JSON; undefined where there is none. */
export function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

/**
 * At most four for `auto`: at most two local ones (half, where paid ones are there too), the rest spread evenly over
 * price from the cheapest to the dearest.
 */
export function chooseForAuto(found: readonly FoundModel[]): readonly FoundModel[] {
  const local = found.filter((model) => model.local);
  const paid = found.filter((model) => !model.local);
  const locals = local.slice(0, paid.length === 0 ? mostInAuto : 2);
  return [...locals, ...spread(paid, mostInAuto - locals.length)];
}

function spread<T>(sorted: readonly T[], count: number): T[] {
  if (sorted.length <= count) return [...sorted];
  const last = sorted.length - 1;
  const places = Array.from({ length: count }, (_, i) => (count === 1 ? 0 : Math.round((i * last) / (count - 1))));
  return sorted.filter((_, index) => places.includes(index));
}

/** The YAML that would use what was found; null where nothing was. */
export function yamlFromFound(found: readonly FoundModel[]): string | null {
  const chosen = chooseForAuto(found);
  return chosen.length === 0 ? null : yamlOf(chosen);
}

/** The YAML that routes between exactly these. */
export function yamlOf(chosen: readonly FoundModel[]): string {
  return `models:
${chosen.map((model) => model.yaml).join('')}routes:
  auto:
    models: [${chosen.map((model) => JSON.stringify(model.id)).join(', ')}]
`;
}

/** The same as a configuration; null where nothing was found. */
export function configFromFound(found: readonly FoundModel[], options: LoadOptions = {}): Config | null {
  const yaml = yamlFromFound(found);
  return yaml === null ? null : parseConfig(yaml, null, options);
}

/** A probe over HTTP that gives up after `timeoutMs`. */
export function httpProbe(timeoutMs = 300): Probe {
  return async (url) => {
    try {
      const response = await guardedFetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: 'error' });
      return response.ok ? await response.json() : null;
    } catch {
      return null;
    }
  };
}
