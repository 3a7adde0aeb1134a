import type { Completion, Reward } from '../core/outcome.ts';

/**
 * What the gateway itself measured of the call that served, as rewards of source `usage`; one a quantity, its name the
 * key. Only a whole answer is evidence: an aborted one is cheaper and faster than the model is.
 */
export function usageRewards(completion: Completion, now: number): readonly Reward[] {
  const served = completion.attempts.at(-1);
  if (served === undefined || completion.servedModel !== served.model) return [];
  switch (served.endReason) {
    case 'client_closed':
    case 'hedge_lost':
    case 'failed':
    case 'cut':
    case 'timeout':
      return [];
    case 'stop':
    case 'length':
    case 'tool_calls':
    case 'content_filter':
    case 'other':
      break;
    default:
      return served.endReason satisfies never;
  }
  const fact = (quantity: Reward['quantity'], value: number): Reward => ({
    decision: completion.decision,
    source: 'usage',
    key: quantity,
    quantity,
    value,
    weight: 1,
    at: now,
  });
  const facts = [fact('latency', served.endedAt - served.startedAt)];
  if (served.costUsd !== null) facts.push(fact('cost', served.costUsd));
  if (served.usage !== null) facts.push(fact('output_tokens', served.usage.outputTokens));
  return facts;
}
