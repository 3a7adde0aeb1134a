import { Type } from 'typebox';
import type { Capability } from '../core/candidate.ts';
import { presetNames } from './presets.ts';
import { closed, dollars, milliseconds, oneOf, text } from './schema-forms.ts';
import { balanceField, targetResilience } from './schema-resilience.ts';

/** `models:` of the YAML: what can be asked, where it answers, and what it costs. */
export const capabilities = [
  'tools',
  'images',
  'audio',
  'files',
  'json_schema',
  'json_object',
  'logprobs',
  'multiple_choices',
] as const satisfies readonly Capability[];
export const backends = ['openai-compatible', 'ollama', 'simulated'] as const;

export const defaultTimeouts = { connectMs: 5_000, firstTokenMs: 60_000, idleMs: 60_000, totalMs: 600_000 } as const;

const timeoutsSchema = Type.Object(
  {
    connect_ms: Type.Optional(milliseconds('Until the connection stands', defaultTimeouts.connectMs)),
    first_token_ms: Type.Optional(
      milliseconds('From sending to the first real output; keep-alives do not count', defaultTimeouts.firstTokenMs),
    ),
    idle_ms: Type.Optional(milliseconds('Longest silence inside a stream', defaultTimeouts.idleMs)),
    total_ms: Type.Optional(milliseconds('The whole call', defaultTimeouts.totalMs)),
  },
  { ...closed, description: 'Deadlines of one call.' },
);

const optionsSchema = Type.Record(Type.String(), Type.Unknown(), { description: 'Settings of that backend.' });

/** What a target says; a model without `targets` says it for its only one, a model with `targets` says their default. */
const targetFields = {
  preset: Type.Optional(
    oneOf(
      presetNames,
      'A server or provider by name: fills `backend`, `base_url` and `options`; see `docs/backends.md`.',
    ),
  ),
  backend: Type.Optional(
    oneOf(
      backends,
      'Who speaks to it. Default `openai-compatible`: vLLM, SGLang, llama.cpp, Ollama and most paid APIs.',
    ),
  ),
  base_url: Type.Optional(
    text(
      'Where it answers, e.g. `http://gpu-1:8000/v1`; `/chat/completions` is appended. Needed unless simulated or known to the preset.',
    ),
  ),
  api_key: Type.Optional(Type.String({ minLength: 1, description: 'Its secret, as `${NAME}` from the environment.' })),
  upstream_model: Type.Optional(text('The name the upstream knows the model by. Default: the id.')),
  local: Type.Optional(
    Type.Boolean({
      description:
        'Prompts do not leave your machines. Default: true for loopback, private addresses, `*.local` and simulated.',
    }),
  ),
  region: Type.Optional(text('For requests that wish one, e.g. `eu`.')),
  timeouts: Type.Optional(timeoutsSchema),
  ...targetResilience,
  options: Type.Optional(optionsSchema),
};

const targetSchema = Type.Object(
  {
    id: Type.Optional(text('Unique name. Default: model@host.')),
    ...targetFields,
    weight: Type.Optional(Type.Number({ minimum: 0, description: 'Share of traffic among the targets.', default: 1 })),
  },
  closed,
);

const priceSchema = Type.Object(
  {
    input: dollars('US dollars per million input tokens.'),
    cached_input: Type.Optional(dollars("The same for input from the upstream's prompt cache. Default: `input`.")),
    output: dollars('US dollars per million output tokens.'),
  },
  {
    ...closed,
    description: 'Default: from `data/prices.json` by the id or `upstream_model`; unknown: listed, not routed.',
  },
);

const day = '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$';

export const modelSchema = Type.Object(
  {
    id: text('What clients and routes call it. No spaces.', { pattern: '^\\S+$' }),
    price: Type.Optional(priceSchema),
    context_tokens: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Prompt and answer together. Default: from the price table.' }),
    ),
    capabilities: Type.Optional(
      Type.Array(oneOf(capabilities, 'A capability.'), {
        description: 'What it can take. Default: from the price table; unknown removes nothing.',
      }),
    ),
    embedding: Type.Optional(
      Type.Object(
        {
          space: text('Models of one space make vectors that can be compared. Name it after the model that made it.'),
          dimensions: Type.Integer({ minimum: 1, description: 'Length of its vectors.' }),
        },
        { ...closed, description: 'It embeds and does not answer: for `/v1/embeddings`.' },
      ),
    ),
    profile: Type.Optional(
      Type.Object(
        {
          size_billions: Type.Optional(
            Type.Number({
              exclusiveMinimum: 0,
              description: 'Parameters, in billions. Default: as the id says, if it does.',
            }),
          ),
          released: Type.Optional(text('Day of its release, e.g. `2025-01-31`.', { pattern: day })),
          licence: Type.Optional(text('As SPDX writes it, e.g. `apache-2.0`, or a word of your own.')),
        },
        { ...closed, description: 'What the policy `constrained` asks of it.' },
      ),
    ),
    ...targetFields,
    balance: balanceField,
    targets: Type.Optional(
      Type.Array(targetSchema, {
        minItems: 1,
        description: 'Several places that serve it. They inherit what the model says above.',
      }),
    ),
  },
  closed,
);
