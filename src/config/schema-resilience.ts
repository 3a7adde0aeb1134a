import { Type } from 'typebox';
import type { Balance, ToolCallIds } from '../core/candidate.ts';

/** The parts of the YAML that say how the gateway keeps working: targets in trouble, full targets, conversations. */
const closed = { additionalProperties: false } as const;

const count = (description: string, value?: number, minimum = 1) =>
  Type.Optional(Type.Integer({ minimum, description, ...(value === undefined ? {} : { default: value }) }));
const milliseconds = (description: string, value: number) => count(`${description}, in milliseconds.`, value);
const share = (description: string, value: number) =>
  Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1, description, default: value }));
const path = (description: string, value: string) =>
  Type.Optional(Type.String({ minLength: 1, description, default: value }));

export const balances = [
  'weighted',
  'least-load',
  'prefix-affine',
  'length-aware',
] as const satisfies readonly Balance[];
export const toolCallIds = ['alphanumeric-9', 'at-most-40'] as const satisfies readonly ToolCallIds[];

export const defaultHealthCheck = { path: 'models', intervalMs: 10_000, timeoutMs: 2_000, failures: 2 } as const;
export const defaultLoadMetrics = { path: '/metrics', intervalMs: 1_000, timeoutMs: 1_000 } as const;
export const defaultQueue = { queue: 0, queueMs: 10_000 } as const;
export const defaultHedge = { quantile: 0.95, minMs: 50, maxShare: 0.1 } as const;
export const defaultSession = { stay: true, switchMargin: 0, cacheLifetimeS: 300 } as const;

/** Beside a target's other fields; inherited from the model. */
export const targetResilience = {
  capacity: Type.Optional(
    Type.Object(
      {
        concurrency: Type.Integer({ minimum: 1, description: 'Calls that run at the same time.' }),
        queue: count('Calls that may wait for their turn.', defaultQueue.queue, 0),
        queue_ms: milliseconds('Longest that one waits', defaultQueue.queueMs),
      },
      { ...closed, description: 'How much it is given at once. Default: unbounded.' },
    ),
  ),
  health_check: Type.Optional(
    Type.Object(
      {
        path: path("Below `base_url`; from the server's root where it begins with a slash.", defaultHealthCheck.path),
        interval_ms: milliseconds('Between two checks', defaultHealthCheck.intervalMs),
        timeout_ms: milliseconds('Until an answer counts as none', defaultHealthCheck.timeoutMs),
        failures: count('Failed checks in a row until it is passed over.', defaultHealthCheck.failures),
      },
      { ...closed, description: 'Ask it whether it lives. Default: only real calls tell.' },
    ),
  ),
  load_metrics: Type.Optional(
    Type.Object(
      {
        path: path('As for `health_check`.', defaultLoadMetrics.path),
        interval_ms: milliseconds('Between two readings', defaultLoadMetrics.intervalMs),
        timeout_ms: milliseconds('Until an answer counts as none', defaultLoadMetrics.timeoutMs),
      },
      {
        ...closed,
        description: 'Read queue and cache from vLLM, SGLang or llama.cpp, for `balance`. Default: own calls only.',
      },
    ),
  ),
  tool_call_ids: Type.Optional(
    Type.Enum([...toolCallIds], {
      description:
        'Rewrite ids of tool calls that it would refuse: `alphanumeric-9` for Mistral, `at-most-40` for OpenAI.',
    }),
  ),
};

export const balanceField = Type.Optional(
  Type.Enum([...balances], {
    description:
      'Which of its targets: by `weight` (default), the least calls, the one a conversation hashes to while its load allows, or the least tokens under way.',
  }),
);

/** Beside a route's other fields. */
export const routeResilience = {
  hedge: Type.Optional(
    Type.Object(
      {
        quantile: Type.Optional(
          Type.Number({
            exclusiveMinimum: 0,
            exclusiveMaximum: 1,
            description: "Of the target's times to the first output; a call that takes longer gets a rival.",
            default: defaultHedge.quantile,
          }),
        ),
        min_ms: milliseconds('Never sooner than this', defaultHedge.minMs),
        max_share: share('Hedges at most this share of requests.', defaultHedge.maxShare),
      },
      { ...closed, description: 'Ask a second target of the same model when the first is slow. Default: never.' },
    ),
  ),
  session: Type.Optional(
    Type.Object(
      {
        stay: Type.Optional(
          Type.Boolean({
            description: 'Stay on the model of the turn before unless a switch pays.',
            default: defaultSession.stay,
          }),
        ),
        switch_margin: Type.Optional(
          Type.Number({
            minimum: 0,
            description: 'Utility that a switch must gain beyond its price.',
            default: defaultSession.switchMargin,
          }),
        ),
        cache_lifetime_s: count("Seconds that a model's prompt cache stays warm.", defaultSession.cacheLifetimeS),
      },
      {
        ...closed,
        description: 'Know conversations: price the prompt cache, avoid bouncing. Default: each turn anew.',
      },
    ),
  ),
  overload: Type.Optional(
    Type.Object(
      {
        degrade: Type.Optional(
          Type.Boolean({
            description: 'Take a cheaper model of the ranking where the chosen one is full, instead of 429.',
            default: false,
          }),
        ),
      },
      { ...closed, description: 'What happens when targets are full (`capacity`).' },
    ),
  ),
};

export const priorityField = Type.Optional(
  Type.Integer({
    minimum: -100,
    maximum: 100,
    description: 'Who goes first where a target is full; higher is sooner.',
    default: 0,
  }),
);

/** Beside `limits`' other fields. */
export const limitsResilience = {
  retry_wait_ms: count('Longest wait for a target that named its return (retry-after), in milliseconds.', 1_000, 0),
  backoff_tries: count('Repeats of a failed call where nobody else is left; within `max_attempts`.', 2, 0),
  breaker: Type.Optional(
    Type.Object(
      {
        failures: count('Failures in a row that open it.', 3),
        error_rate: share('Share of the last 32 calls that opens it, once 20 are known.', 0.5),
        slow_ms: count('Time to the first output from which a call counts as slow. Default: none does.'),
        slow_rate: share('Share of slow ones among the last 32 that opens it.', 0.5),
        cooldown_ms: milliseconds('First cooldown; doubles with every failed probe', 2_000),
        max_cooldown_ms: milliseconds('Longest cooldown', 120_000),
      },
      { ...closed, description: 'When a target is passed over.' },
    ),
  ),
};
