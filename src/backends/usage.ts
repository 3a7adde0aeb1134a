import type { Usage } from '../core/backend.ts';
import { isRecord } from './json.ts';

const tokens = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;

/**
 * OpenAI's `usage` object. Cached tokens as OpenAI (`prompt_tokens_details.cached_tokens`) or DeepSeek
 * (`prompt_cache_hit_tokens`) tell them. Null unless both sides of the count are known: unknown is never zero.
 */
export function readUsage(value: unknown): Usage | null {
  if (!isRecord(value)) return null;
  const inputTokens = tokens(value['prompt_tokens']);
  if (inputTokens === null) return null;
  const total = tokens(value['total_tokens']);
  const outputTokens = tokens(value['completion_tokens']) ?? (total === null ? null : tokens(total - inputTokens));
  if (outputTokens === null) return null;
  const details = value['prompt_tokens_details'];
  const cached =
    (isRecord(details) ? tokens(details['cached_tokens']) : null) ?? tokens(value['prompt_cache_hit_tokens']);
  return { inputTokens, cachedTokens: Math.min(cached ?? 0, inputTokens), outputTokens };
}

/** US dollars in `usage.cost`, where OpenRouter tells them. */
export function readCostUsd(usage: unknown): number | null {
  return isRecord(usage) ? tokens(usage['cost']) : null;
}
