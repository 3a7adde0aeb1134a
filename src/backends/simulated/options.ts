import { Type, type Static } from 'typebox';
import { plantedSubjects, type PlantedSubject } from '../../math/planted-world.ts';

const share = Type.Number({ minimum: 0, maximum: 1 });

/** How one simulated model behaves: `options` of its target. */
export const simulatedOptions = Type.Object(
  {
    /** Expected quality by subject at middling difficulty; a subject that is left out counts 0.5. */
    skills: Type.Partial(
      Type.Object({
        code: share,
        math: share,
        writing: share,
        facts: share,
        translation: share,
        chat: share,
      } satisfies Record<PlantedSubject, unknown>),
      { additionalProperties: false, default: {} },
    ),
    /** Milliseconds to the first token; each answer varies by up to a fifth. */
    base_latency_ms: Type.Optional(Type.Number({ minimum: 0, default: 0 })),
    ms_per_token: Type.Optional(Type.Number({ minimum: 0, default: 0 })),
    /** Length of an answer; left out, it follows subject and difficulty as in the planted world. */
    output_tokens: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
    /** Length of the vectors of a model that embeds. Default 64. */
    dimensions: Type.Optional(Type.Integer({ minimum: 1, maximum: 4_096 })),
    /** Same seed, same answers. */
    seed: Type.Optional(Type.Union([Type.Integer(), Type.String()])),
  },
  { additionalProperties: false },
);

export type SimulatedOptions = Static<typeof simulatedOptions>;

export interface Behaviour {
  readonly skills: Readonly<Partial<Record<PlantedSubject, number>>>;
  readonly baseLatencyMs: number;
  readonly msPerToken: number;
  readonly outputTokens: number | null;
  /** Of vectors; null: the default. */
  readonly dimensions: number | null;
  readonly seed: string;
}

/** Reads checked options; whatever is missing gets its default. */
export function behaviourOf(options: Readonly<Record<string, unknown>>): Behaviour {
  const number = (key: string): number | null => {
    const value = options[key];
    return typeof value === 'number' ? value : null;
  };
  const seed = options['seed'];
  const given = options['skills'];
  const skills: Partial<Record<PlantedSubject, number>> = {};
  if (typeof given === 'object' && given !== null) {
    for (const subject of plantedSubjects) {
      const skill: unknown = Reflect.get(given, subject);
      if (typeof skill === 'number') skills[subject] = skill;
    }
  }
  return {
    skills,
    baseLatencyMs: number('base_latency_ms') ?? 0,
    msPerToken: number('ms_per_token') ?? 0,
    outputTokens: number('output_tokens'),
    dimensions: number('dimensions'),
    seed: typeof seed === 'number' || typeof seed === 'string' ? `${seed}` : 'simulated',
  };
}
