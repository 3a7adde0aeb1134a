import { Type } from 'typebox';
import type { Target } from '../../core/candidate.ts';

/** `options` of an Ollama target. */
export const ollamaOptions = Type.Object(
  {
    /**
     * The context in tokens, sent with every call. Ollama loads a model anew when it changes and cuts longer prompts
     * to it in silence, so it is written out, and it is one number for all calls of a target.
     */
    num_ctx: Type.Integer({ minimum: 1 }),
    /** How long the model stays loaded, as Ollama writes it: `10m`, `-1` for ever. Left out: Ollama's own. */
    keep_alive: Type.Optional(Type.Union([Type.String(), Type.Integer()])),
    /** An upstream count of the prompt below this share of our own means that the prompt was cut. 0 never looks. */
    least_prompt_share: Type.Optional(Type.Number({ minimum: 0, maximum: 1, default: 0.5 })),
  },
  { additionalProperties: false },
);

export interface OllamaSettings {
  readonly contextTokens: number;
  readonly keepAlive: string | number | null;
  readonly leastPromptShare: number;
}

/** Reads checked options. */
export function ollamaSettings({ options }: Target): OllamaSettings {
  const { num_ctx: context, keep_alive: keepAlive, least_prompt_share: share } = options;
  return {
    contextTokens: typeof context === 'number' ? context : 0,
    keepAlive: typeof keepAlive === 'string' || typeof keepAlive === 'number' ? keepAlive : null,
    leastPromptShare: typeof share === 'number' ? share : 0.5,
  };
}
