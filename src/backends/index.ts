import { Type, type TSchema } from 'typebox';
import { Errors } from 'typebox/value';
import type { Backend } from '../core/backend.ts';
import type { Target } from '../core/candidate.ts';
import type { Clock } from '../core/clock.ts';
import { PointsmanError } from '../core/errors.ts';
import { ollamaOptions } from './ollama/options.ts';
import { createOllama } from './ollama.ts';
import { createOpenAiCompatible } from './openai-compatible.ts';
import { prepareTarget } from './prepared-target.ts';
import { createSimulated, type RecordedLookup } from './simulated.ts';
import { simulatedOptions } from './simulated/options.ts';

export interface BackendContext {
  readonly clock: Clock;
  /** Asked by simulated models before they make an answer up. */
  readonly recorded?: RecordedLookup | undefined;
}

/** One entry of the map. Backends are few, so the list is written out. */
export interface BackendDefinition {
  /** One sentence for lists. */
  readonly summary: string;
  /** Of `options` of a target in the YAML. */
  readonly options: TSchema;
  /** False where targets have no base_url. */
  readonly network: boolean;
  create(context: BackendContext): Backend;
}

const oneOf = (...values: string[]) => Type.Enum(values);

export const backendDefinitions: Readonly<Record<string, BackendDefinition>> = {
  'openai-compatible': {
    summary:
      "Any server that speaks OpenAI's chat completions: vLLM, SGLang, llama.cpp, Ollama, TGI, OpenAI and others.",
    options: Type.Object(
      {
        /** False for servers that refuse `stream_options`; usage of streams is then unknown unless they tell it anyway. */
        stream_usage: Type.Optional(Type.Boolean({ default: true })),
        /** Which header carries the key: `Authorization: Bearer`, or `api-key`. */
        auth: Type.Optional(oneOf('bearer', 'api-key')),
        /** The only name under which the server knows the limit of an answer; the other is renamed. */
        max_tokens_field: Type.Optional(oneOf('max_tokens', 'max_completion_tokens')),
        /** The name under which it takes an assistant's earlier thoughts, the other is renamed; `none`: they are taken out. */
        reasoning_field: Type.Optional(oneOf('reasoning', 'reasoning_content', 'none')),
        /** It refuses a turn with tool calls without thoughts: an empty `reasoning_field` is put there. */
        reasoning_with_tools: Type.Optional(Type.Boolean({ default: false })),
      },
      { additionalProperties: false },
    ),
    network: true,
    create: createOpenAiCompatible,
  },
  ollama: {
    summary: 'Ollama by its own API: `num_ctx` is told and kept, and a prompt that was cut in silence is noticed.',
    options: ollamaOptions,
    network: true,
    create: createOllama,
  },
  simulated: {
    summary: 'Seeded answers with a planted skill by subject, or those of a data set. No network.',
    options: simulatedOptions,
    network: false,
    create: createSimulated,
  },
};

export function createBackends(context: BackendContext): Map<string, Backend> {
  return new Map(Object.entries(backendDefinitions).map(([name, definition]) => [name, definition.create(context)]));
}

/** To be called for every target at boot. Throws `invalid_config` that names the target and the option. */
export function checkTarget(target: Target): void {
  const definition = Object.hasOwn(backendDefinitions, target.backend) ? backendDefinitions[target.backend] : undefined;
  if (definition === undefined) {
    const known = Object.keys(backendDefinitions).join(', ');
    throw new PointsmanError(
      'invalid_config',
      `Target "${target.id}": no backend is called "${target.backend}" (${known}).`,
    );
  }
  const [error] = Errors(definition.options, target.options);
  if (error !== undefined) {
    const at = error.instancePath === '' ? 'options' : `options${error.instancePath.replaceAll('/', '.')}`;
    // An option that is not in the schema is reported as one that nothing would satisfy.
    const why = error.keyword === 'boolean' ? 'is not an option of this backend' : error.message;
    throw new PointsmanError('invalid_config', `Target "${target.id}": ${at} ${why}.`, { param: at });
  }
  if (definition.network) prepareTarget(target);
}
