/** A server or provider that speaks OpenAI's wire with an accent: what a target says when its `preset` names it. */
export interface Preset {
  readonly title: string;
  readonly baseUrl: string | null;
  /** Where it has one address only for each customer: what to write. */
  readonly exampleUrl?: string;
  readonly backend: 'openai-compatible' | 'ollama';
  readonly options: Readonly<Record<string, unknown>>;
  /** The variable its own clients read; null where it needs no key. Named in the docs only: secrets are written out. */
  readonly keyVariable: string | null;
  readonly endpoints: readonly ('chat' | 'completions' | 'embeddings')[];
  readonly quirks: readonly Quirk[];
}

export interface Quirk {
  /** What it does otherwise than OpenAI, and what Pointsman does about it. */
  readonly what: string;
  /** Where that is documented. */
  readonly source: string;
  /** File in `test/fixtures/presets/` that shows it. */
  readonly fixture: string;
}

const openAi = 'openai-compatible';
const all = ['chat', 'completions', 'embeddings'] as const;

const reasoningContent = (source: string, fixture: string): Quirk => ({
  what: 'Thinks aloud in `reasoning_content`, which counts as output and goes through; sent back in history under that name.',
  source,
  fixture,
});

/** By the name that the YAML uses. `docs/backends.md` is written from this, and the fixtures are held to it by tests. */
export const presets = {
  vllm: {
    title: 'vLLM',
    baseUrl: 'http://127.0.0.1:8000/v1',
    backend: openAi,
    options: {},
    keyVariable: null,
    endpoints: all,
    quirks: [
      {
        what: 'Thinks aloud in `reasoning_content` (older) or `reasoning` (newer): either counts as output and goes through.',
        source: 'https://docs.vllm.ai/en/latest/features/reasoning_outputs.html',
        fixture: 'vllm-reasoning.sse',
      },
      {
        what: 'Older versions tell errors as `{"object":"error","message":...}` without `error`: read, and given OpenAI\'s shape.',
        source: 'https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html',
        fixture: 'vllm-error.json',
      },
    ],
  },
  sglang: {
    title: 'SGLang',
    baseUrl: 'http://127.0.0.1:30000/v1',
    backend: openAi,
    options: { reasoning_field: 'reasoning_content' },
    keyVariable: null,
    endpoints: all,
    quirks: [
      reasoningContent('https://docs.sglang.ai/advanced_features/separate_reasoning.html', 'sglang-reasoning.sse'),
    ],
  },
  'llama.cpp': {
    title: "llama.cpp's server",
    baseUrl: 'http://127.0.0.1:8080/v1',
    backend: openAi,
    options: { reasoning_field: 'reasoning_content' },
    keyVariable: null,
    endpoints: all,
    quirks: [
      {
        what: 'Adds `timings` to the last chunk: passed through.',
        source: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md',
        fixture: 'llama-cpp-timings.sse',
      },
      {
        what: 'Answers 503 `Loading model` while it starts: retried elsewhere.',
        source: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md',
        fixture: 'llama-cpp-loading.json',
      },
    ],
  },
  tgi: {
    title: 'Text Generation Inference',
    baseUrl: 'http://127.0.0.1:8080/v1',
    backend: openAi,
    options: { max_tokens_field: 'max_tokens' },
    keyVariable: null,
    endpoints: ['chat', 'completions'],
    quirks: [
      {
        what: 'Tells errors as `{"error":"...","error_type":"..."}`, inside streams too: read, and given OpenAI\'s shape.',
        source: 'https://huggingface.co/docs/text-generation-inference/reference/api_reference',
        fixture: 'tgi-error.sse',
      },
      {
        what: 'Knows `max_tokens` only: `max_completion_tokens` is renamed.',
        source: 'https://huggingface.co/docs/text-generation-inference/reference/api_reference',
        fixture: 'tgi-request.json',
      },
    ],
  },
  'lm-studio': {
    title: 'LM Studio',
    baseUrl: 'http://127.0.0.1:1234/v1',
    backend: openAi,
    options: { max_tokens_field: 'max_tokens' },
    keyVariable: null,
    endpoints: all,
    quirks: [
      {
        what: 'Documents `max_tokens` only: `max_completion_tokens` is renamed.',
        source: 'https://lmstudio.ai/docs/developer/openai-compat/chat-completions',
        fixture: 'lm-studio-request.json',
      },
    ],
  },
  openrouter: {
    title: 'OpenRouter',
    baseUrl: 'https://openrouter.ai/api/v1',
    backend: openAi,
    options: { reasoning_field: 'reasoning' },
    keyVariable: 'OPENROUTER_API_KEY',
    endpoints: all,
    quirks: [
      {
        what: 'Sends `: OPENROUTER PROCESSING` comments while it waits: they are no output and do not stop the first-token deadline.',
        source: 'https://openrouter.ai/docs/api-reference/streaming',
        fixture: 'openrouter-comments.sse',
      },
      {
        what: 'Tells what a call cost in `usage.cost`: believed before the price table.',
        source: 'https://openrouter.ai/docs/use-cases/usage-accounting',
        fixture: 'openrouter-comments.sse',
      },
      {
        what: 'Tells an error inside a stream beside `choices` with `finish_reason: "error"`: an error, never the end of an answer.',
        source: 'https://openrouter.ai/docs/api-reference/errors',
        fixture: 'openrouter-error.sse',
      },
    ],
  },
  groq: {
    title: 'Groq',
    baseUrl: 'https://api.groq.com/openai/v1',
    backend: openAi,
    options: { reasoning_field: 'reasoning' },
    keyVariable: 'GROQ_API_KEY',
    endpoints: ['chat'],
    quirks: [
      {
        what: 'Tells the usage of a stream in `x_groq.usage` of the last chunk: read, and told in the usage chunk where the client asked for one.',
        source: 'https://console.groq.com/docs/api-reference',
        fixture: 'groq-usage.sse',
      },
      {
        what: "Answers 400 to `logprobs`, `logit_bias`, `top_logprobs`, `messages[].name` and `n` above 1: leave them out of `capabilities`; Groq's own 400 goes through.",
        source: 'https://console.groq.com/docs/openai',
        fixture: 'groq-refusal.json',
      },
    ],
  },
  mistral: {
    title: 'Mistral',
    baseUrl: 'https://api.mistral.ai/v1',
    backend: openAi,
    options: { stream_usage: false, max_tokens_field: 'max_tokens' },
    keyVariable: 'MISTRAL_API_KEY',
    endpoints: ['chat', 'embeddings'],
    quirks: [
      {
        what: 'Answers 422 to `stream_options`, and tells usage in the last chunk anyway: never sent; the usage chunk is made for clients that ask for it.',
        source: 'https://github.com/openai/openai-agents-python/issues/442',
        fixture: 'mistral-usage.sse',
      },
      {
        what: 'Knows `max_tokens` only: `max_completion_tokens` is renamed.',
        source: 'https://docs.mistral.ai/api/',
        fixture: 'mistral-request.json',
      },
      {
        what: 'Tells what is wrong in `message.detail`, an array: its first entry becomes the message.',
        source: 'https://github.com/openai/openai-agents-python/issues/442',
        fixture: 'mistral-refusal.json',
      },
    ],
  },
  deepseek: {
    title: 'DeepSeek',
    baseUrl: 'https://api.deepseek.com',
    backend: openAi,
    options: { reasoning_field: 'reasoning_content', max_tokens_field: 'max_tokens' },
    keyVariable: 'DEEPSEEK_API_KEY',
    endpoints: ['chat'],
    quirks: [
      reasoningContent('https://api-docs.deepseek.com/guides/thinking_mode', 'deepseek-reasoning.sse'),
      {
        what: 'Keeps a waiting connection alive by empty lines, or by `: keep-alive` comments in streams: no output, and no part of the answer.',
        source: 'https://api-docs.deepseek.com/quick_start/rate_limit',
        fixture: 'deepseek-reasoning.sse',
      },
      {
        what: 'Counts cached prompt tokens in `prompt_cache_hit_tokens`: priced as cached.',
        source: 'https://api-docs.deepseek.com/guides/kv_cache',
        fixture: 'deepseek-reasoning.sse',
      },
    ],
  },
  together: {
    title: 'Together',
    baseUrl: 'https://api.together.xyz/v1',
    backend: openAi,
    options: { max_tokens_field: 'max_tokens' },
    keyVariable: 'TOGETHER_API_KEY',
    endpoints: all,
    quirks: [
      {
        what: 'Tells usage in the last chunk that has a choice: read, and told again in the usage chunk where the client asked for one.',
        source: 'https://docs.together.ai/reference/chat-completions-1',
        fixture: 'together-usage.sse',
      },
    ],
  },
  'azure-openai': {
    title: 'Azure OpenAI (its v1 API)',
    baseUrl: null,
    exampleUrl: 'https://RESOURCE.openai.azure.com/openai/v1',
    backend: openAi,
    options: { auth: 'api-key' },
    keyVariable: 'AZURE_OPENAI_API_KEY',
    endpoints: all,
    quirks: [
      {
        what: 'Takes its key in the header `api-key`; `upstream_model` is the name of the deployment.',
        source: 'https://learn.microsoft.com/en-us/azure/foundry/openai/api-version-lifecycle',
        fixture: 'azure-request.json',
      },
      {
        what: 'Begins a stream with a chunk of `prompt_filter_results` and no choices: no output, passed through.',
        source: 'https://learn.microsoft.com/en-us/azure/ai-services/openai/concepts/content-filter',
        fixture: 'azure-filter.sse',
      },
    ],
  },
  ollama: {
    title: 'Ollama, by its own API',
    baseUrl: 'http://127.0.0.1:11434',
    backend: 'ollama',
    options: {},
    keyVariable: null,
    endpoints: ['chat', 'embeddings'],
    quirks: [
      {
        what: "Streams lines of JSON: translated to OpenAI's chunks, thinking as `reasoning_content`, tool calls with ids and text arguments.",
        source: 'https://github.com/ollama/ollama/blob/main/docs/api.md',
        fixture: 'ollama-chat.ndjson',
      },
      {
        what: 'Cuts a prompt that does not fit `num_ctx` without a word: `truncate: false` is sent, and a `prompt_eval_count` far below our own count is an error, never an answer.',
        source: 'https://github.com/ollama/ollama/blob/main/docs/api.md',
        fixture: 'ollama-cut.ndjson',
      },
    ],
  },
} as const satisfies Readonly<Record<string, Preset>>;

export type PresetName = keyof typeof presets;
export const presetNames = Object.keys(presets).filter((name): name is PresetName => Object.hasOwn(presets, name));

interface Written {
  readonly preset?: PresetName | undefined;
  readonly backend?: string | undefined;
  readonly base_url?: string | undefined;
  readonly options?: Readonly<Record<string, unknown>> | undefined;
}

/** What the target leaves out, its preset says. Options are joined one by one, and the target's own go first. */
export function withPreset<File extends Written>(file: File): File {
  if (file.preset === undefined) return file;
  const { backend, baseUrl, options }: Preset = presets[file.preset];
  return {
    ...file,
    backend: file.backend ?? backend,
    ...(file.base_url === undefined && baseUrl !== null ? { base_url: baseUrl } : {}),
    options: { ...options, ...file.options },
  };
}
