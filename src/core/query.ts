import type { Capability } from './candidate.ts';

/** Inbound formats. Each has a file in `wire/` that reads it into a Query and one that writes its errors. */
export type WireFormat = 'openai-chat' | 'openai-completion' | 'openai-embedding';

/** Who asks. Every row, cache, session and reward belongs to a tenant. */
export interface Caller {
  /** `default` where no keys are configured. */
  readonly tenant: string;
  /** The key's configured name, never the secret; null where no keys are configured. */
  readonly key: string | null;
}

/**
 * What a request asks of the routing, beside the question itself: the `pointsman` body object, over `x-pointsman-*`
 * headers, over the route's own settings. Constraints hold for every call that the request causes.
 */
export interface Wishes {
  /** Only these model ids are candidates. */
  readonly models?: readonly string[] | undefined;
  /** Quality per dollar; replaces the route's. */
  readonly lambda?: number | undefined;
  /** No call may be predicted to cost more than this many US dollars. */
  readonly maxCostUsd?: number | undefined;
  /** Only targets marked local may see the prompt. */
  readonly localOnly?: boolean | undefined;
  /** Only targets in this region may see the prompt. */
  readonly region?: string | undefined;
  /** Conversation id, at most 256 characters. */
  readonly session?: string | undefined;
  /** Free labels, stored with the decision. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

/** One request in neutral form. The raw bytes travel beside it (`RequestBody`), so nothing here needs writing back. */
export interface Query {
  /** Request id; also the id the client sees in `x-request-id`. */
  readonly id: string;
  readonly caller: Caller;
  readonly format: WireFormat;
  /** As the client wrote it: a model, route, alias, or `route/policy`. */
  readonly model: string;
  /** The human ask: the last user message without tool results; this is what is embedded. */
  readonly text: string;
  /** Estimate of the whole prompt, in tokens. */
  readonly promptTokens: number;
  /** Of the longest where the request holds several prompts, each with a context of its own; left out where it is one. */
  readonly longestPromptTokens?: number | undefined;
  /** What the client allows the answer to take, in tokens; null where it did not say. */
  readonly maxOutputTokens: number | null;
  /** What the request cannot do without. */
  readonly needs: readonly Capability[];
  readonly stream: boolean;
  readonly wishes: Wishes;
}
