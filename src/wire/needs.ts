import type { Capability } from '../core/candidate.ts';
import type { MessageTally } from './messages.ts';
import { isRecord } from './record.ts';

const none: readonly Capability[] = Object.freeze([]);

/** What the request cannot do without, read from its parameters and messages. */
export function needsOf(parsed: Readonly<Record<string, unknown>>, tally: MessageTally): readonly Capability[] {
  let needs: Capability[] | null = null;
  const need = (capability: Capability): void => {
    (needs ??= []).push(capability);
  };
  if (isFilled(parsed.tools) || isFilled(parsed.functions)) need('tools');
  if (tally.images) need('images');
  if (tally.audio || (Array.isArray(parsed.modalities) && parsed.modalities.includes('audio'))) need('audio');
  if (tally.files) need('files');
  const format = isRecord(parsed.response_format) ? parsed.response_format.type : undefined;
  if (format === 'json_schema' || format === 'json_object') need(format);
  if (parsed.logprobs === true) need('logprobs');
  if (typeof parsed.n === 'number' && parsed.n > 1) need('multiple_choices');
  return needs ?? none;
}

const isFilled = (value: unknown): boolean => Array.isArray(value) && value.length > 0;
