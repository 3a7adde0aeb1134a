import type { Verifier } from '../core/verifier.ts';

/** One implicit signal. A rule speaks of successes as well as of failures: one that told failures only would teach that every model fails. */
export interface Rule {
  /** Trust relative to one explicit label; > 0. */
  readonly weight: number;
}

export interface VerifierRule extends Rule {
  readonly verifier: Verifier;
  /** Share of answers that are verified, in [0, 1]. */
  readonly share: number;
}

/** What a route reads between the lines; null: that rule is off. */
export interface RewardRules {
  /** 0 where the same conversation is sent again within the time, else 1. */
  readonly retried: (Rule & { readonly withinMs: number }) | null;
  /** 0 where the model refused, else 1. */
  readonly refusal: (Rule & { readonly phrases: readonly string[] }) | null;
  /** Where JSON was asked for: 1 if it came and fits the schema, else 0. */
  readonly json: Rule | null;
  /** Where tools were called: 0 for a call that no tool can take or that came back as an error, else 1. */
  readonly toolCalls: Rule | null;
  readonly verifiers: readonly VerifierRule[];
}
