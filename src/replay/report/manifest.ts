import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { messageOf, PointsmanError } from '../../core/errors.ts';

/** Grows when an older reader could misunderstand what is written. */
export const manifestFormat = 1;

const optionsSchema = Type.Object(
  {
    train: Type.Optional(Type.String()),
    test: Type.Optional(Type.String()),
    artefact: Type.Optional(Type.String()),
    policies: Type.Optional(Type.Array(Type.String())),
    estimators: Type.Optional(Type.Array(Type.String())),
    predictions: Type.Optional(Type.Array(Type.String())),
    embeddings: Type.Optional(Type.Array(Type.String())),
    models: Type.Optional(Type.Array(Type.String())),
    cost: Type.Optional(Type.String()),
    protocol: Type.Optional(Type.String()),
    strong: Type.Optional(Type.String()),
    weak: Type.Optional(Type.String()),
    strict: Type.Optional(Type.Boolean()),
    seed: Type.Optional(Type.String()),
    resamples: Type.Optional(Type.Integer({ minimum: 0 })),
    folds: Type.Optional(Type.Integer({ minimum: 2 })),
    exec_timeout_seconds: Type.Optional(Type.Integer({ minimum: 1 })),
    texts: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);

const named = Type.Object({ name: Type.String(), sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }) });

const manifestSchema = Type.Object({
  format: Type.Literal(manifestFormat),
  /** Versions under which it was made. */
  pointsman: Type.String(),
  node: Type.String(),
  /** As they were given; what is left out has the default of that version. */
  options: optionsSchema,
  /** What was read. */
  inputs: Type.Array(named),
  /** What was written. */
  outputs: Type.Array(named),
});

/** Everything that decides what a replay finds, as `manifest.json` keeps it. Paths as they were given. */
export type ReplayManifestOptions = Static<typeof optionsSchema>;
export type ReplayManifest = Static<typeof manifestSchema>;

/** Throws `invalid_data` naming `place` and what is wrong. */
export function parseReplayManifest(text: string, place: string): ReplayManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new PointsmanError('invalid_data', `${place}: it is not JSON (${messageOf(cause)}).`, { cause });
  }
  if (Value.Check(manifestSchema, value)) return value;
  const [error] = Value.Errors(manifestSchema, value);
  throw new PointsmanError(
    'invalid_data',
    `${place}: it is no manifest of a replay ("${error?.instancePath.slice(1) ?? ''}" ${error?.message ?? 'does not fit'}).`,
  );
}
