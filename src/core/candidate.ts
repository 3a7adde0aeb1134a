/** What a model or server must be able to do to take a request. */
export type Capability =
  | 'tools'
  | 'images'
  | 'audio'
  | 'files'
  | 'json_schema'
  | 'json_object'
  | 'logprobs'
  | 'multiple_choices';

/** US dollars per million tokens. */
export interface Price {
  readonly input: number;
  readonly cachedInput: number;
  readonly output: number;
}

/** Deadlines of one call, in milliseconds. `firstToken` runs from send to first real output; keep-alives do not reset it. */
export interface Timeouts {
  readonly connectMs: number;
  readonly firstTokenMs: number;
  readonly idleMs: number;
  readonly totalMs: number;
}

/** How much a target is given at once. What is over it waits in line, and what is over that is refused. */
export interface Capacity {
  /** Calls that run at the same time. */
  readonly concurrency: number;
  /** Calls that may wait. */
  readonly queue: number;
  /** Longest that one waits, in milliseconds. */
  readonly queueMs: number;
}

/** A question that is asked again and again, outside any request. */
export interface Probing {
  /** From the server's root where it begins with a slash, else below `baseUrl`. */
  readonly path: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/**
 * What ids of tool calls a target takes: `alphanumeric-9` exactly nine letters and digits, as Mistral; `at-most-40`
 * letters, digits, `_` and `-`, as OpenAI.
 */
export type ToolCallIds = 'alphanumeric-9' | 'at-most-40';

/**
 * Which of a model's targets is asked: by `weight`; the one with the least calls; the one that a conversation's head
 * hashes to, while its load allows; the one with the least tokens under way.
 */
export type Balance = 'weighted' | 'least-load' | 'prefix-affine' | 'length-aware';

/** One place that serves a model. */
export interface Target {
  /** Unique in the gateway, e.g. `gpt-4o-mini@api.openai.com`. */
  readonly id: string;
  /** Which of `backends/` speaks to it. */
  readonly backend: string;
  /** Without a trailing slash; `/chat/completions` is appended. Empty for backends without a network. */
  readonly baseUrl: string;
  /** The name the upstream knows the model by; null keeps the gateway's model id. */
  readonly upstreamModel: string | null;
  /** The upstream's secret. Never logged, never in an error. */
  readonly apiKey: string | null;
  /** True where prompts do not leave the operator's machines. */
  readonly local: boolean;
  readonly region: string | null;
  /** Share of traffic among the targets of one model; >= 0. */
  readonly weight: number;
  readonly timeouts: Timeouts;
  /** Left out: unbounded. */
  readonly capacity?: Capacity | undefined;
  /** Left out: only real calls tell whether it lives. */
  readonly healthCheck?:
    | (Probing & { /** In a row, until it is passed over. */ readonly failures: number })
    | undefined;
  /** Where its own queue and cache can be read; left out: only our own calls are counted. */
  readonly loadMetrics?: Probing | undefined;
  /** Left out: any. */
  readonly toolCallIds?: ToolCallIds | undefined;
  /** Backend-specific settings, already validated by that backend. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Vectors of one space can be compared with each other, and with those of no other space. */
export interface EmbeddingSpace {
  readonly space: string;
  /** Length of its vectors. */
  readonly dimensions: number;
}

/** What the operator tells of a model, for policies that ask; null where unknown. */
export interface ModelProfile {
  /** Billions of parameters, all of them counted. */
  readonly sizeBillions: number | null;
  /** `2025-01-31`. */
  readonly released: string | null;
  /** As SPDX writes it, e.g. `apache-2.0`; lower case. */
  readonly licence: string | null;
  /** Of its targets, one each. */
  readonly regions: readonly (string | null)[];
}

/** A model as the operator configured it. */
export interface Model {
  readonly id: string;
  /** Null: nobody knows it; the model is listed and not routed. Unknown is never zero. */
  readonly price: Price | null;
  /** Tokens of prompt and answer together; null where unknown (then it removes nothing). */
  readonly contextTokens: number | null;
  /** Null where unknown (then it removes nothing). */
  readonly capabilities: ReadonlySet<Capability> | null;
  /** What it embeds into; null or left out: it answers in words. */
  readonly embedding?: EmbeddingSpace | null | undefined;
  /** Marked in every answer: no real model stands behind it. */
  readonly simulated: boolean;
  readonly targets: readonly Target[];
  /** Left out: `weighted`. */
  readonly balance?: Balance | undefined;
  /** Left out: nobody told. */
  readonly profile?: Omit<ModelProfile, 'regions'> | undefined;
}

/**
 * What estimators and policies see of a model. Parallel arrays of predictions, propensities and scores all follow the
 * order of the candidate list they were made for.
 */
export interface Candidate {
  readonly model: string;
  readonly price: Price | null;
}

/** Why a model of the route was not a candidate for this query. */
export interface Removal {
  readonly model: string;
  readonly check:
    | 'price'
    | 'policy'
    | 'allow_list'
    | 'key'
    | 'context'
    | 'capability'
    | 'embedding'
    | 'local_only'
    | 'region'
    | 'health'
    | 'max_cost';
  /** For people: "needs images, has tools". */
  readonly reason: string;
}
