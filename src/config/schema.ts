import { Type } from 'typebox';
import type { Static, TSchema } from 'typebox';
import type { Quantity } from '../core/estimator.ts';
import { closed, dollars, oneOf, text } from './schema-forms.ts';
import { modelSchema } from './schema-models.ts';
import { spacesField } from './schema-spaces.ts';
import { limitsResilience, priorityField, routeResilience } from './schema-resilience.ts';

/**
 * The YAML, once: this gives the type, the checks, `docs/pointsman.schema.json` for editors and the reference in
 * `docs/configuration.md`. Every property has a description; defaults are told here and filled by `normalise-*.ts`.
 */
export const scopes = ['chat', 'feedback', 'metrics', 'admin'] as const;
export type Scope = (typeof scopes)[number];

const usdPerDay = Type.Optional(
  dollars('Most that may be spent from one UTC midnight to the next. Reserved before a call, settled after it.'),
);

const policySchema = Type.Union(
  [
    text('A policy without options.'),
    Type.Object(
      { type: text('File name in `src/policies/` or a `policy_dirs` folder.') },
      { additionalProperties: true, description: 'A policy and its options beside `type`.' },
    ),
  ],
  { description: 'What decides; see `docs/policies.md`. Default `epsilon-greedy`.' },
);

export const quantities = ['quality', 'cost', 'latency', 'output_tokens'] as const satisfies readonly Quantity[];

const estimatorName = (quantity: string) =>
  Type.Optional(text(`Who predicts ${quantity}: a name under \`estimators\`, a built-in type, or an artefact's path.`));

const share = (description: string) => Type.Number({ minimum: 0, maximum: 1, description });
const weight = (value: number) =>
  Type.Optional(
    Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      description: 'Trust relative to one explicit label.',
      default: value,
    }),
  );
const rule = (description: string, value: number, more: Record<string, TSchema> = {}) =>
  Type.Optional(
    Type.Union([Type.Boolean(), Type.Object({ weight: weight(value), ...more }, closed)], {
      description,
      default: true,
    }),
  );

/** Weights of implicit signals where the YAML names none; `docs/feedback.md` says why these. */
export const defaultWeights = {
  retried: 0.1,
  refusal: 0.2,
  json: 0.5,
  toolCalls: 0.5,
  verifier: 1,
  judge: 0.5,
} as const;

const rewardsSchema = Type.Object(
  {
    retried: rule('The same conversation sent again is a failure of the answer before.', defaultWeights.retried, {
      within_s: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'Seconds.', default: 120 })),
    }),
    refusal: rule('A refusal is a failure.', defaultWeights.refusal, {
      phrases: Type.Optional(Type.Array(text('Text.'), { description: 'Openings that are refusals too.' })),
    }),
    json: rule('Broken JSON where `response_format` asked for it is a failure.', defaultWeights.json),
    tool_calls: rule('Tool calls that are malformed or come back as errors are failures.', defaultWeights.toolCalls),
    verifiers: Type.Optional(
      Type.Array(
        Type.Object(
          {
            type: text('File name in `src/verifiers/` or a `verifier_dirs` folder.'),
            name: Type.Optional(text('Under which its rewards are kept. Default: the type.')),
            weight: weight(defaultWeights.verifier),
            share: Type.Optional(share('Of the answers that it sees. Default 1.')),
          },
          { additionalProperties: true },
        ),
        { description: 'Code that judges answers; options stand beside `type`.' },
      ),
    ),
    judge: Type.Optional(
      Type.Object(
        { share: share('Of the answers that it sees.'), weight: weight(defaultWeights.judge) },
        { ...closed, description: 'Answers graded by the model under `judge`. Default: none.' },
      ),
    ),
  },
  {
    ...closed,
    description: 'What is read between the lines; every rule is on unless `false`. Default: nothing is read.',
  },
);

const shadowSchema = Type.Object(
  {
    candidate: text('A model id: what is asked beside the one that serves.'),
    share: share('Of the requests that are sent to both.'),
    usd_per_day: dollars('Most that the second answers may cost from one UTC midnight to the next.'),
  },
  {
    ...closed,
    description: 'Paid shadow: both answers are compared by the model under `judge`; clients notice nothing.',
  },
);

const secondSchema = Type.Object(
  { usd_per_day: dollars('Most that the second answers may cost from one UTC midnight to the next.') },
  {
    ...closed,
    description:
      'For a policy that learns from a second answer (`stabl`): it is asked for after the client was served, and scored by `rewards`. Default: it is not asked for.',
  },
);

const routeSchema = Type.Object(
  {
    models: Type.Optional(
      Type.Union([Type.Literal('*'), Type.Array(text('A model id.'), { minItems: 1 })], {
        description: 'Its candidates; `"*"` (the default) is every model with a known price.',
      }),
    ),
    policy: Type.Optional(policySchema),
    spaces: spacesField,
    mode: Type.Optional(
      oneOf(
        ['route', 'observe'],
        'Default `route`. `observe`: requests that name one of its models get it, as if Pointsman were not there; what the policy would have done is logged (`pointsman savings`).',
      ),
    ),
    baseline: Type.Optional(
      text('With `mode: observe`: who serves requests that name the route itself. Default: its first model.'),
    ),
    rewards: Type.Optional(rewardsSchema),
    shadow: Type.Optional(shadowSchema),
    second: Type.Optional(secondSchema),
    estimators: Type.Optional(
      Type.Object(
        {
          quality: estimatorName('quality'),
          cost: estimatorName('cost'),
          latency: estimatorName('latency'),
          output_tokens: estimatorName('the length of the answer'),
        },
        { ...closed, description: 'Default: `quality: knn`, `cost: mean`.' },
      ),
    ),
    lambda: Type.Optional(
      Type.Number({ minimum: 0, description: "Quality per US dollar. Default: the policy's own." }),
    ),
    exploration: Type.Optional(
      Type.Object(
        {
          epsilon: Type.Number({
            minimum: 0,
            maximum: 1,
            description: 'Share of requests that go to a candidate drawn uniformly.',
          }),
        },
        { ...closed, description: 'On top of any policy, so that logs can be evaluated. Default 0.' },
      ),
    ),
    limits: Type.Optional(Type.Object({ usd_per_day: usdPerDay }, { ...closed, description: 'Of this route.' })),
    ...routeResilience,
  },
  closed,
);

const estimatorSchema = Type.Object(
  {
    type: Type.Optional(text('File name in `src/estimators/`. With `artefact`: which of its estimators.')),
    artefact: Type.Optional(text('What `pointsman train` wrote; relative to this file.')),
    learn: Type.Optional(Type.Boolean({ description: 'Feedback and measured costs change it.', default: true })),
  },
  { additionalProperties: true, description: 'Options of the type stand beside `type`.' },
);

const keySchema = Type.Object(
  {
    name: text('Seen in logs and metrics; never the secret.'),
    key: text('The secret as `${NAME}`, or `sha256:` and the 64 hex digits of its SHA-256.'),
    tenant: Type.Optional(text('Whose rows these are.', { default: 'default' })),
    routes: Type.Optional(
      Type.Array(text('A route.'), { minItems: 1, description: 'Only these may be used. Default: all.' }),
    ),
    scopes: Type.Optional(
      Type.Array(oneOf(scopes, 'A scope.'), { minItems: 1, description: 'Default: chat and feedback.' }),
    ),
    usd_per_day: usdPerDay,
    priority: priorityField,
  },
  closed,
);

const routeName = '^[A-Za-z0-9][A-Za-z0-9._-]*$';
const days = (description: string) => Type.Optional(Type.Integer({ minimum: 1, description }));

export const configSchema = Type.Object(
  {
    listen: Type.Optional(
      Type.Object(
        {
          host: Type.Optional(text('Address to bind.', { default: '127.0.0.1' })),
          port: Type.Optional(
            Type.Integer({ minimum: 0, maximum: 65_535, description: 'Port; 0 takes a free one.', default: 4040 }),
          ),
          body_limit_mb: Type.Optional(
            Type.Number({ exclusiveMinimum: 0, maximum: 1024, description: 'Largest request, in MB.', default: 20 }),
          ),
        },
        { ...closed, description: 'Where the gateway listens.' },
      ),
    ),
    auth: Type.Optional(
      oneOf(
        ['keys', 'loopback', 'none'],
        'Who is let in. Default: `keys` where any are configured, else `loopback`. `none` serves everybody.',
      ),
    ),
    keys: Type.Optional(Type.Array(keySchema, { description: 'Who may call, what, and for how much.' })),
    aliases: Type.Optional(
      Type.Record(Type.String({ minLength: 1 }), text('A model or a route.'), {
        description: 'Other names, `*` as a wildcard: `"gpt-4o*": auto`. Exact models and routes come first.',
      }),
    ),
    models: Type.Array(modelSchema, { minItems: 1, description: 'What can answer.' }),
    routes: Type.Optional(
      Type.Record(Type.String({ pattern: routeName }), routeSchema, {
        ...closed,
        description: 'Names that clients write as `model`. Default: one route `auto` over every model.',
      }),
    ),
    embedder: Type.Optional(
      Type.Object(
        { type: Type.Optional(text('Which embedder.', { default: 'hashing' })) },
        { additionalProperties: true, description: 'Text to vector; its options stand beside `type`.' },
      ),
    ),
    estimators: Type.Optional(
      Type.Record(Type.String({ pattern: routeName }), estimatorSchema, {
        ...closed,
        description: 'Named predictors for routes to refer to.',
      }),
    ),
    storage: Type.Optional(
      Type.Object(
        {
          path: Type.Optional(text('The SQLite file, relative to this file.', { default: 'pointsman.db' })),
          retention: Type.Optional(
            Type.Object(
              {
                decisions_days: days('Decisions and attempts. Default: kept.'),
                embeddings_days: days('Embeddings inside decisions. Default: kept.'),
              },
              { ...closed, description: 'What is deleted, and when.' },
            ),
          ),
        },
        { ...closed, description: 'Where outcomes are kept.' },
      ),
    ),
    queue: Type.Optional(
      Type.Object(
        {
          type: oneOf(
            ['embedded', 'bullmq'],
            '`embedded`: this process learns. `bullmq`: facts travel through Redis to `pointsman learn`, which learns for any number of gateways.',
          ),
          url: Type.Optional(
            text('The Redis of `bullmq`, e.g. `redis://:${REDIS_PASSWORD}@redis-1:6379`; `rediss://` for TLS.'),
          ),
          prefix: Type.Optional(
            text('In front of every key in Redis; gateways and learners with the same one belong together.', {
              pattern: '^[A-Za-z0-9_.-]+$',
              default: 'pointsman',
            }),
          ),
          keep_events: Type.Optional(
            Type.Integer({
              minimum: 0,
              description:
                'Events that stay in Redis although all have learned them: what a new estimator begins with.',
              default: 20_000,
            }),
          ),
        },
        { ...closed, description: 'Who runs the learning.' },
      ),
    ),
    limits: Type.Optional(
      Type.Object(
        {
          usd_per_day: usdPerDay,
          max_attempts: Type.Optional(
            Type.Integer({ minimum: 1, maximum: 20, description: 'Most upstream calls for one request.', default: 4 }),
          ),
          ...limitsResilience,
        },
        { ...closed, description: 'Of the whole gateway.' },
      ),
    ),
    learning: Type.Optional(
      Type.Object(
        {
          enabled: Type.Optional(
            Type.Boolean({ description: 'False: facts are stored, nothing is folded.', default: true }),
          ),
          snapshot_every: Type.Optional(
            Type.Integer({ minimum: 1, description: 'Observations between two snapshots.', default: 1000 }),
          ),
          frozen: Type.Optional(
            Type.Array(Type.String({ minLength: 1 }), {
              description:
                'What learns no more until it is taken out here: an entry of `estimators`, `ENTRY/QUANTITY`, or `ROUTE/policy`.',
            }),
          ),
        },
        { ...closed, description: 'How outcomes change the estimators.' },
      ),
    ),
    judge: Type.Optional(
      Type.Object(
        {
          model: text(
            'A model id. Prompts and answers are sent to it, under the same constraints as the request they belong to.',
          ),
          usd_per_day: dollars('Most that judging may cost from one UTC midnight to the next.'),
        },
        { ...closed, description: 'The model that grades and compares answers where a route asks for it.' },
      ),
    ),
    verifier_dirs: Type.Optional(
      Type.Array(text('A folder, relative to this file.'), { description: 'Where your own verifiers lie.' }),
    ),
    policy_dirs: Type.Optional(
      Type.Array(text('A folder, relative to this file.'), { description: 'Where your own policies lie.' }),
    ),
  },
  {
    ...closed,
    patternProperties: { '^x-': {} },
    title: 'Pointsman configuration',
  },
);

/** The YAML as it is written: snake_case, checked, nothing filled in. */
export type ConfigFile = Static<typeof configSchema>;
