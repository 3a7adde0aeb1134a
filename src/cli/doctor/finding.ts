import { messageOf } from '../../core/errors.ts';

/** One line of the examination. */
export interface Finding {
  /** What was looked at, e.g. `target gpt@api.openai.com`. */
  readonly what: string;
  /** `warning`: it works, and may not be what you want. `failed`: requests will fail. */
  readonly status: 'ok' | 'warning' | 'failed';
  /** What was seen. */
  readonly seen: string;
  /** What to do; null where nothing is to be done. */
  readonly mend: string | null;
}

export const ok = (what: string, seen: string): Finding => ({ what, status: 'ok', seen, mend: null });
export const warning = (what: string, seen: string, mend: string): Finding => ({ what, status: 'warning', seen, mend });
export const failed = (what: string, seen: string, mend: string): Finding => ({ what, status: 'failed', seen, mend });

/** Why a connection did not come about: the innermost cause says it best. */
export function whyOf(thrown: unknown): string {
  let cause: unknown = thrown;
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
  if (cause instanceof Error && cause.name === 'TimeoutError') return 'no answer in time';
  // Several addresses were tried: the first refusal stands for all.
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0].message;
  return messageOf(cause);
}
