import type { Target } from '../core/candidate.ts';

const shown = '***';

/**
 * A target whose `apiKey` can be read but does not print: not enumerable, so neither `console.log` nor a spread nor a
 * loop meets it, and `JSON.stringify` shows `***`. (A spread copy therefore has no key: pass targets on as they are.)
 */
export function hideApiKey(target: Target): Target {
  const { apiKey, ...visible } = target;
  const hidden: Target = Object.defineProperties(
    { ...visible, apiKey },
    {
      apiKey: { value: apiKey, enumerable: false },
      toJSON: { value: () => ({ ...visible, apiKey: apiKey === null ? null : shown }), enumerable: false },
    },
  );
  return hidden;
}
