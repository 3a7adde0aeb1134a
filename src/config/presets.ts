import type { ToolCallIds } from '../core/candidate.ts';

/** A server or provider that speaks OpenAI's wire with an accent: what a target says when its `preset` names it. */
export interface Preset {
  readonly title: string;
  readonly baseUrl: string | null;
  /** Where it has one address only for each customer: what to write. */
  readonly exampleUrl?: string;
  readonly backend: 'openai-compatible' | 'ollama';
  readonly options: Readonly<Record<string, unknown>>;
  /** Where it refuses ids of tool calls that others made up. */
  readonly toolCallIds?: ToolCallIds;
  /** The variable its own clients read; null where it needs no key. Named in the docs only: secrets are written out. */
  readonly keyVariable: string | null;
  readonly endpoints: readonly ('chat' | 'completions' | 'embeddings')[];
  readonly quirks: readonly Quirk[];
}

/**
 * How a quirk is known: from the provider's own pages or its own source; or from what users were answered, as they told it
 * in a thread or keep it in another client.
 */
export type Checked = 'documentation' | 'issue';

/** When the sources were last read, in stored copies that may be older than that. */
export const checkedOn = '2026-11-22';

export interface Quirk {
  /** What it does otherwise than OpenAI, and what Pointsman does about it. */
  readonly what: string;
  readonly checked: Checked;
  /** What was read. */
  readonly source: string;
  /** File in `test/fixtures/presets/` that shows it. */
  readonly fixture: string;
}

const openAi = 'openai-compatible';
const all = ['chat', 'completions', 'embeddings'] as const;

const documented = (source: string, fixture: string, what: string): Quirk => ({
  what,
  checked: 'documentation',
  source,
  fixture,
});

const reported = (source: string, fixture: string, what: string): Quirk => ({
  what,
  checked: 'issue',
  source,
  fixture,
});

const llamaReadme = 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md';

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
      documented(
        'https://docs.vllm.ai/en/stable/features/reasoning_outputs/',
        'vllm-reasoning.sse',
        'Thinks aloud in `reasoning`, in older versions in `reasoning_content`: either counts as output and goes through.',
      ),
      reported(
        'https://github.com/vllm-project/vllm/pull/10463',
        'vllm-error.json',
        'Older versions tell errors as `{"object":"error","message":...}` without `error`: read, and given OpenAI\'s shape.',
      ),
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
      reported(
        'https://github.com/sgl-project/sglang/pull/26875',
        'sglang-reasoning.sse',
        'Thinks aloud in `reasoning_content`, which counts as output and goes through.',
      ),
      documented(
        'https://github.com/sgl-project/sglang/blob/main/python/sglang/srt/entrypoints/openai/protocol.py',
        'sglang-reasoning.sse',
        'Takes earlier thoughts in history as `reasoning_content`: `reasoning` is renamed.',
      ),
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
      documented(
        llamaReadme,
        'llama-cpp-timings.sse',
        'Adds `timings` to the last chunk: passed through. Thinks in `reasoning_content`, and some templates read it again from history.',
      ),
      documented(
        llamaReadme,
        'llama-cpp-loading.json',
        'Answers 503 `Loading model` while it starts (documented for `/health`): retried elsewhere.',
      ),
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
      reported(
        'https://github.com/huggingface/huggingface_hub/pull/2558',
        'tgi-error.sse',
        'Tells errors as `{"error":"...","error_type":"..."}`, in streams of older versions too (newer ones use OpenAI\'s shape there): either is read, and given OpenAI\'s shape.',
      ),
      reported(
        'https://github.com/huggingface/text-generation-inference/issues/2844',
        'tgi-request.json',
        'Was written for `max_tokens`: `max_completion_tokens` is renamed, which every version understands.',
      ),
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
      documented(
        'https://github.com/lmstudio-ai/docs/blob/main/1_developer/3_openai-compat/chat-completions.md',
        'lm-studio-request.json',
        'Documents `max_tokens` only: `max_completion_tokens` is renamed.',
      ),
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
      documented(
        'https://openrouter.ai/docs/api-reference/streaming',
        'openrouter-comments.sse',
        'Sends `: OPENROUTER PROCESSING` comments while it waits: they are no output and do not stop the first-token deadline.',
      ),
      documented(
        'https://openrouter.ai/docs/use-cases/usage-accounting',
        'openrouter-comments.sse',
        'Tells what a call cost in `usage.cost`, always and without being asked: believed before the price table.',
      ),
      documented(
        'https://openrouter.ai/docs/api-reference/streaming',
        'openrouter-error.sse',
        'Tells an error inside a stream in an ordinary event with `error`: an error, never the end of an answer.',
      ),
      documented(
        'https://openrouter.ai/docs/guides/best-practices/reasoning-tokens',
        'openrouter-comments.sse',
        'Thinks aloud in `reasoning`, and takes earlier thoughts under that name or as `reasoning_content`, which is renamed in history.',
      ),
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
      documented(
        'https://github.com/groq/groq-python/blob/main/src/groq/types/chat/chat_completion_chunk.py',
        'groq-usage.sse',
        'Tells the usage of a stream in `x_groq.usage` of the last chunk: read, and told in the usage chunk where the client asked for one. Thinks aloud in `reasoning`.',
      ),
      documented(
        'https://github.com/groq/groq-python/blob/main/src/groq/types/chat/chat_completion_chunk.py',
        'groq-error.sse',
        'Says in `x_groq.error` why a stream was stopped early: an error, never the end of an answer.',
      ),
      documented(
        'https://console.groq.com/docs/openai',
        'groq-refusal.json',
        "Answers 400 to `logprobs`, `logit_bias`, `top_logprobs`, `messages[].name` and `n` above 1: leave them out of `capabilities`; Groq's own 400 goes through.",
      ),
    ],
  },
  mistral: {
    title: 'Mistral',
    baseUrl: 'https://api.mistral.ai/v1',
    backend: openAi,
    options: { stream_usage: false, max_tokens_field: 'max_tokens', reasoning_field: 'none' },
    toolCallIds: 'alphanumeric-9',
    keyVariable: 'MISTRAL_API_KEY',
    endpoints: ['chat', 'embeddings'],
    quirks: [
      reported(
        'https://github.com/TabbyML/tabby/pull/4082',
        'mistral-usage.sse',
        'Answers 422 to `stream_options`, and tells usage in the last chunk anyway: never sent; the usage chunk is made for clients that ask for it.',
      ),
      reported(
        'https://github.com/editor-code-assistant/eca/issues/231',
        'mistral-request.json',
        'Answers 422 to `max_completion_tokens`: renamed to `max_tokens`.',
      ),
      reported(
        'https://github.com/avante-corp/avante.nvim/issues/2347',
        'mistral-refusal.json',
        'Tells what is wrong in `message.detail`, an array: its first entry becomes the message.',
      ),
      reported(
        'https://github.com/co-l/openfox/issues/220',
        'mistral-detail.json',
        'Or in `detail` alone: read as well.',
      ),
      reported(
        'https://github.com/OpenMinis/OpenMinis/issues/87',
        'mistral-history.json',
        'Answers 422 to `reasoning_content` and `reasoning` in history, as other models leave them there: taken out.',
      ),
      reported(
        'https://github.com/langchain-ai/langchain/pull/24668',
        'mistral-tool-ids.json',
        'Answers 400 to ids of tool calls that are not nine letters and digits: `tool_call_ids: alphanumeric-9` is set.',
      ),
    ],
  },
  deepseek: {
    title: 'DeepSeek',
    baseUrl: 'https://api.deepseek.com',
    backend: openAi,
    options: { reasoning_field: 'reasoning_content', max_tokens_field: 'max_tokens', reasoning_with_tools: true },
    keyVariable: 'DEEPSEEK_API_KEY',
    endpoints: ['chat'],
    quirks: [
      documented(
        'https://api-docs.deepseek.com/guides/thinking_mode',
        'deepseek-reasoning.sse',
        'Thinks aloud in `reasoning_content`, which counts as output and goes through; taken in history under that name. It answers 400 where a turn with tool calls lacks it.',
      ),
      reported(
        'https://github.com/vercel/ai/pull/13203',
        'deepseek-history.json',
        'Takes an empty one in such a turn: it is put there where another model, or a client that drops thoughts, left none. Let conversations stay (`session`) all the same: an empty thought is taken, and is no thought.',
      ),
      documented(
        'https://share.apidog.com/apidoc/docs-site/747793/rate-limit-835830m0',
        'deepseek-reasoning.sse',
        'Keeps a waiting connection alive by empty lines, or by `: keep-alive` comments in streams: no output, and no part of the answer.',
      ),
      reported(
        'https://docs.rs/crate/ds-api/0.10.7/source/src/raw/response/non_streaming/usage.rs',
        'deepseek-reasoning.sse',
        'Counts cached prompt tokens in `prompt_cache_hit_tokens`: priced as cached.',
      ),
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
      reported(
        'https://github.com/mlflow/mlflow/pull/11557',
        'together-usage.sse',
        'Tells usage in the last chunk that has a choice: read, and told again in the usage chunk where the client asked for one.',
      ),
      documented(
        'https://github.com/togethercomputer/together-python/blob/main/src/together/types/chat_completions.py',
        'together-request.json',
        'Its own client knows `max_tokens` only: `max_completion_tokens` is renamed.',
      ),
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
      documented(
        'https://github.com/openai/openai-node/blob/master/docs/azure.md',
        'azure-request.json',
        '`upstream_model` is the name of the deployment.',
      ),
      documented(
        'https://learn.microsoft.com/en-us/azure/ai-services/openai/how-to/responses',
        'azure-request.json',
        "Takes its key in the header `api-key`, as the examples of its v1 API for curl do. Those with OpenAI's own client send it as a bearer token: `auth: bearer` works as well.",
      ),
      reported(
        'https://learn.microsoft.com/en-us/answers/questions/1533887/does-streaming-work-with-tool-calls-yet-on-azureop',
        'azure-filter.sse',
        'Begins a stream with a chunk of `prompt_filter_results` and no choices: no output, passed through.',
      ),
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
      documented(
        'https://github.com/ollama/ollama/blob/main/docs/api.md',
        'ollama-chat.ndjson',
        "Streams lines of JSON: translated to OpenAI's chunks, tool calls with ids and text arguments.",
      ),
      reported(
        'https://docs.langchain4j.dev/apidocs/dev/langchain4j/model/ollama/OllamaModelMessage.html',
        'ollama-chat.ndjson',
        'Thinks aloud in `thinking`, told as `reasoning_content`; results of tools name their tool in `tool_name`.',
      ),
      reported(
        'https://github.com/ollama/ollama/pull/17944',
        'ollama-cut.ndjson',
        'Cuts a prompt that does not fit `num_ctx` without a word: `truncate: false` is sent, which newer versions answer with 400, and a `prompt_eval_count` far below our own count is an error, never an answer.',
      ),
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
  readonly tool_call_ids?: ToolCallIds | undefined;
}

/** What the target leaves out, its preset says. Options are joined one by one, and the target's own go first. */
export function withPreset<File extends Written>(file: File): File {
  if (file.preset === undefined) return file;
  const { backend, baseUrl, options, toolCallIds }: Preset = presets[file.preset];
  const ids = file.tool_call_ids ?? toolCallIds;
  return {
    ...file,
    backend: file.backend ?? backend,
    ...(file.base_url === undefined && baseUrl !== null ? { base_url: baseUrl } : {}),
    options: { ...options, ...file.options },
    ...(ids === undefined ? {} : { tool_call_ids: ids }),
  };
}
