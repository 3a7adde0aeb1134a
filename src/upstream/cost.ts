import type { BackendResult, Failure } from '../core/backend.ts';
import type { Price } from '../core/candidate.ts';
import type { Attempt } from '../core/outcome.ts';

/** US dollars: what the upstream itself told, else tokens times price. Null where usage or price is unknown. */
export function costUsdOf(result: BackendResult, price: Price | null): number | null {
  if (result.costUsd !== null) return result.costUsd;
  const { usage } = result;
  if (usage === null || price === null) return null;
  const fresh = usage.inputTokens - usage.cachedTokens;
  return (fresh * price.input + usage.cachedTokens * price.cachedInput + usage.outputTokens * price.output) / 1e6;
}

/**
 * A call that was never heard or was refused costs nothing. Of any other failure nobody told the cost: null, since
 * unknown is never zero.
 */
export function costUsdOfFailure({ kind, error }: Failure): number | null {
  switch (kind) {
    case 'status':
    case 'credential':
      return 0;
    case 'connect':
      return error.code === 'no_healthy_target' ? 0 : null;
    case 'timeout':
    case 'cut':
    case 'garbage':
      return null;
    default:
      return kind satisfies never;
  }
}

/** Null where any is unknown. */
export function totalCostUsd(attempts: readonly Attempt[]): number | null {
  let sum = 0;
  for (const { costUsd } of attempts) {
    if (costUsd === null) return null;
    sum += costUsd;
  }
  return sum;
}
