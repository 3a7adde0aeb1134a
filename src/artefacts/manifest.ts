import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { messageOf, PointsmanError } from '../core/errors.ts';

/** Grows when an older reader could misunderstand what is written. */
export const artefactFormat = 1;

const interval = Type.Object({ value: Type.Number(), low: Type.Number(), high: Type.Number() });

const stateEntry = Type.Object({
  /** File name in `estimators/`. */
  estimator: Type.String(),
  quantity: Type.Union([
    Type.Literal('quality'),
    Type.Literal('cost'),
    Type.Literal('latency'),
    Type.Literal('output_tokens'),
  ]),
  options: Type.Record(Type.String(), Type.Unknown()),
  /** Of the state, as its estimator numbers it. */
  stateVersion: Type.Number(),
  /** Beside the manifest. */
  file: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*\\.bin$' }),
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
});

const source = Type.Object({
  name: Type.String(),
  sha256: Type.String(),
  licence: Type.Union([Type.String(), Type.Null()]),
  use: Type.String(),
  rows: Type.Number(),
});

const tuning = Type.Object({
  estimator: Type.String(),
  /** What was maximised, on which rows. */
  criterion: Type.String(),
  tried: Type.Array(
    Type.Object({
      quantity: Type.String(),
      options: Type.Record(Type.String(), Type.Unknown()),
      score: Type.Number(),
      folds: Type.Integer(),
    }),
  ),
});

const figure = Type.Object({
  estimator: Type.String(),
  /** E.g. "AIQ of cost-aware minus zero router". */
  name: Type.String(),
  interval,
  /** Queries it was measured on. */
  rows: Type.Number(),
  /** On which rows, fitted on which. */
  how: Type.String(),
});

const reliability = Type.Object({
  estimator: Type.String(),
  /** Equal-mass bins of predicted quality over all models, on the rows of the figures. */
  bins: Type.Array(Type.Object({ count: Type.Number(), predicted: Type.Number(), observed: Type.Number() })),
});

const manifestSchema = Type.Object({
  format: Type.Literal(artefactFormat),
  embedder: Type.Object({
    id: Type.String(),
    dimensions: Type.Integer({ minimum: 0 }),
    /** Which text of the data was embedded: the question alone or the whole prompt. */
    text: Type.String(),
  }),
  models: Type.Array(Type.String(), { minItems: 1 }),
  /** The estimator to use where nobody names one: the best by the tuning criterion. */
  recommended: Type.String(),
  sources: Type.Array(source, { minItems: 1 }),
  states: Type.Array(stateEntry, { minItems: 1 }),
  tuning: Type.Array(tuning),
  figures: Type.Array(figure),
  /** Absent from artefacts that were not measured on whole rows. */
  reliability: Type.Optional(Type.Array(reliability)),
  /** Keys of the questions it learned from, see question-keys.ts. Artefacts of before have none. */
  questions: Type.Optional(
    Type.Object({
      file: Type.Literal('questions.bin'),
      sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
      count: Type.Integer({ minimum: 0 }),
    }),
  ),
  seed: Type.String(),
});

/** What stands in `manifest.json`: all that is needed to use an artefact, and to judge it. */
export type Manifest = Static<typeof manifestSchema>;
export type StateEntry = Static<typeof stateEntry>;
export type Figure = Static<typeof figure>;
export type Tuning = Static<typeof tuning>;
export type Reliability = Static<typeof reliability>;

/** Throws `invalid_data` naming `place` and what is wrong; another format says what to do. */
export function parseManifest(text: string, place: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new PointsmanError('invalid_data', `${place}: it is not JSON (${messageOf(cause)}).`, { cause });
  }
  const format: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'format') : undefined;
  if (format !== artefactFormat) {
    throw new PointsmanError(
      'invalid_data',
      `${place}: artefact format ${JSON.stringify(format) ?? 'unknown'}, this version reads ${artefactFormat}; ` +
        'train it again with "pointsman train".',
    );
  }
  if (Value.Check(manifestSchema, value)) return value;
  const [error] = Value.Errors(manifestSchema, value);
  throw new PointsmanError(
    'invalid_data',
    `${place}: "${error?.instancePath.slice(1) ?? ''}" ${error?.message ?? 'is not what it should be'}.`,
  );
}
