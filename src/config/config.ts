import type { Model } from '../core/candidate.ts';
import type { Quantity } from '../core/estimator.ts';
import type { SpacesConfig } from './normalise-spaces.ts';
import type { Scope } from './schema.ts';

/** `keys`: every request needs one. `loopback`: only this machine is served. `none`: everybody is, as written out. */
export type Auth = 'keys' | 'loopback' | 'none';

export interface ListenConfig {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  readonly bodyLimitBytes: number;
}

/** One key of the gateway. The secret itself is not kept. */
export interface KeyConfig {
  readonly name: string;
  /** SHA-256 of the secret, 64 lower-case hex digits. */
  readonly hash: string;
  readonly tenant: string;
  /** Null: all. */
  readonly routes: readonly string[] | null;
  readonly scopes: readonly Scope[];
  /** US dollars between two UTC midnights; null: no limit. */
  readonly usdPerDay: number | null;
  /** Who goes first where a target is full; higher is sooner. Left out: 0. */
  readonly priority?: number | undefined;
}

/** A type and its options, which the room that owns the type checks. */
export interface TypedOptions {
  readonly type: string;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface RouteConfig {
  readonly name: string;
  /** Ids of configured models, at least one. Models without a price are among them; eligibility removes them. */
  readonly models: readonly string[];
  readonly policy: TypedOptions;
  /** `observe`: the model asked for is served, the policy's choice only logged. */
  readonly mode: 'route' | 'observe';
  /** One of `models`: serves requests that name an observing route itself. Null where the route decides. */
  readonly baseline: string | null;
  /** Null: nothing is read between the lines. */
  readonly rewards: RewardsConfig | null;
  /** Asked beside the model that serves, and compared with it. */
  readonly shadow: { readonly candidate: string; readonly share: number; readonly usdPerDay: number } | null;
  /** What may be paid for the second answers that the policy wants to hear of. Left out: they are not asked for. */
  readonly second?: { readonly usdPerDay: number } | undefined;
  /** Left out: it is of one vector space, or over all models and of none. */
  readonly spaces?: SpacesConfig | undefined;
  /** Names of `Config.estimators`. */
  readonly estimators: Readonly<Partial<Record<Quantity, string>>>;
  /** Quality per US dollar; null: the policy's own. */
  readonly lambda: number | null;
  /** Share of requests explored on top of the policy, in [0, 1]. */
  readonly epsilon: number;
  readonly usdPerDay: number | null;
  /** Left out: no request is hedged. */
  readonly hedge?: { readonly quantile: number; readonly minMs: number; readonly maxShare: number } | undefined;
  /** Left out: each turn of a conversation is decided anew. */
  readonly session?: SessionConfig | undefined;
  /** A cheaper model is taken where the chosen one is full. */
  readonly degrade?: boolean | undefined;
}

export interface SessionConfig {
  /** On the model of the turn before, unless a switch pays. */
  readonly stay: boolean;
  /** Utility that a switch must gain beyond its price, >= 0. */
  readonly switchMargin: number;
  /** How long a model's prompt cache stays warm after a call. */
  readonly cacheLifetimeMs: number;
}

/** How hard calls are tried and when targets are passed over; upstream/ has the defaults of what is left out. */
export interface UpstreamLimits {
  readonly retryWaitMs?: number;
  readonly backoffTries?: number;
  readonly failuresToOpen?: number;
  readonly errorRate?: number;
  readonly slowMs?: number;
  readonly slowRate?: number;
  readonly cooldownMs?: number;
  readonly maxCooldownMs?: number;
}

/** Implicit rewards of a route; null: that rule is off. */
export interface RewardsConfig {
  readonly retried: { readonly weight: number; readonly withinMs: number } | null;
  readonly refusal: { readonly weight: number; readonly phrases: readonly string[] } | null;
  readonly json: { readonly weight: number } | null;
  readonly toolCalls: { readonly weight: number } | null;
  readonly verifiers: readonly (TypedOptions & {
    readonly name: string;
    readonly weight: number;
    readonly share: number;
  })[];
  readonly judge: { readonly share: number; readonly weight: number } | null;
}

/** A predictor that routes refer to by name. One entry used for two quantities is two estimators. */
export interface EstimatorConfig {
  readonly name: string;
  /** Null: whichever the artefact recommends. */
  readonly type: string | null;
  readonly options: Readonly<Record<string, unknown>>;
  /** Absolute path of a trained artefact; null: starts empty. */
  readonly artefactPath: string | null;
  /** Observations are folded in. */
  readonly learn: boolean;
}

export interface RetentionConfig {
  /** Days; null: kept. */
  readonly decisionsDays: number | null;
  readonly embeddingsDays: number | null;
}

/** Who folds what is learned. */
export type QueueConfig =
  | { readonly type: 'embedded' }
  | {
      readonly type: 'bullmq';
      /** With its password; not enumerable, so that it is never printed. */
      readonly url: string;
      /** The same for people. */
      readonly address: string;
      /** In front of every key in Redis. */
      readonly prefix: string;
      /** Events that stay in Redis although every learner has folded them. */
      readonly keepEvents: number;
    };

/** Everything the gateway is told, checked and with every default filled in. Frozen, all the way down. */
export interface Config {
  /** The YAML's absolute path; null: the built-in configuration. */
  readonly file: string | null;
  readonly listen: ListenConfig;
  readonly auth: Auth;
  readonly keys: readonly KeyConfig[];
  /** Pattern with `*` to a model or route, in the order of the file. */
  readonly aliases: Readonly<Record<string, string>>;
  readonly models: readonly Model[];
  readonly routes: readonly RouteConfig[];
  readonly embedder: TypedOptions;
  readonly estimators: readonly EstimatorConfig[];
  readonly storage: { readonly path: string; readonly retention: RetentionConfig };
  readonly queue: QueueConfig;
  readonly limits: {
    readonly usdPerDay: number | null;
    readonly maxAttempts: number;
    readonly upstream: UpstreamLimits;
  };
  readonly learning: {
    readonly enabled: boolean;
    readonly snapshotEvery: number;
    /** Names of what learns no more, as written; whether there is such a learner is known when routes are assembled. */
    readonly frozen: readonly string[];
  };
  /** Who grades and compares answers; null: nobody. */
  readonly judge: { readonly model: string; readonly usdPerDay: number } | null;
  /** Absolute. */
  readonly verifierDirs: readonly string[];
  /** Absolute. */
  readonly policyDirs: readonly string[];
  readonly logLevel: LogLevel;
  /** For people; each names its place. */
  readonly warnings: readonly string[];
  /** `pointsman.yaml:12:3` for a path such as `routes.auto.policy`, so that other rooms can name the place too. */
  readonly locate: (path: string) => string;
}

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];
