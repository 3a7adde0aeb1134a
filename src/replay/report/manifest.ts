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
    pool: Type.Optional(Type.String()),
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

/** Of `replay --online`; policies and estimators with options, events as they were written. */
const onlineSchema = Type.Object(
  {
    train: Type.String(),
    test: Type.Optional(Type.String()),
    policies: Type.Array(Type.String()),
    estimators: Type.Array(Type.String()),
    steps: Type.Integer({ minimum: 1 }),
    seeds: Type.Integer({ minimum: 1 }),
    lambda: Type.Number({ minimum: 0 }),
    budget: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
    epsilon: Type.Number({ minimum: 0, maximum: 1 }),
    segments: Type.Integer({ minimum: 1 }),
    start: Type.Union([Type.Literal('warm'), Type.Literal('cold')]),
    order: Type.Union([Type.Literal('random'), Type.Literal('file')]),
    labelled: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
    delay: Type.Integer({ minimum: 0 }),
    poisoned: Type.Number({ minimum: 0, maximum: 1 }),
    events: Type.Array(Type.String()),
    seed: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);

/** Of a log. */
const logSchema = Type.Object(
  {
    test: Type.String(),
    route: Type.Optional(Type.String()),
    policies: Type.Optional(Type.Array(Type.String())),
    lambda: Type.Number({ minimum: 0 }),
    resamples: Type.Integer({ minimum: 0 }),
    seed: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);

const named = Type.Object({ name: Type.String(), sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }) });

const shared = {
  format: Type.Literal(manifestFormat),
  /** Versions under which it was made. */
  pointsman: Type.String(),
  node: Type.String(),
  /** What was read. */
  inputs: Type.Array(named),
  /** What was written. */
  outputs: Type.Array(named),
};

/** `options` are as they were given; what is left out has the default of that version. No `kind`: a replay. */
const replaySchema = Type.Object({ ...shared, kind: Type.Optional(Type.Literal('replay')), options: optionsSchema });
const manifestSchemas = {
  replay: replaySchema,
  online: Type.Object({ ...shared, kind: Type.Literal('online'), options: onlineSchema }),
  log: Type.Object({ ...shared, kind: Type.Literal('log'), options: logSchema }),
} as const;

/** Everything that decides what is found, as `manifest.json` keeps it. Paths as they were given. */
export type ReplayManifestOptions = Static<typeof optionsSchema>;
export type OnlineManifestOptions = Static<typeof onlineSchema>;
export type LogManifestOptions = Static<typeof logSchema>;
/** Of any report: what was asked for, what was read, what was written. */
export type ReportManifest =
  | Static<typeof replaySchema>
  | Static<(typeof manifestSchemas)['online']>
  | Static<(typeof manifestSchemas)['log']>;

/** Throws `invalid_data` naming `place` and what is wrong. */
export function parseManifest(text: string, place: string): ReportManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new PointsmanError('invalid_data', `${place}: it is not JSON (${messageOf(cause)}).`, { cause });
  }
  const kind: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'kind') : undefined;
  const schema = manifestSchemas[kind === 'online' || kind === 'log' ? kind : 'replay'];
  if (Value.Check(schema, value)) return value;
  const [error] = Value.Errors(schema, value);
  throw new PointsmanError(
    'invalid_data',
    `${place}: it is no manifest of a replay ("${error?.instancePath.slice(1) ?? ''}" ${error?.message ?? 'does not fit'}).`,
  );
}
