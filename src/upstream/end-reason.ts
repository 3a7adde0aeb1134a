import type { Failure } from '../core/backend.ts';
import type { EndReason } from '../core/outcome.ts';

const known: Readonly<Record<string, EndReason>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  function_call: 'tool_calls',
  content_filter: 'content_filter',
};

export function endReasonOf(finishReason: string | null): EndReason {
  return finishReason === null || !Object.hasOwn(known, finishReason) ? 'other' : (known[finishReason] ?? 'other');
}

export function endReasonOfFailure({ kind }: Failure): EndReason {
  return kind === 'cut' ? 'cut' : kind === 'timeout' ? 'timeout' : 'failed';
}
