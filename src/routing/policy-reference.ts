/** A policy named in a request: `cost-aware`, or `threshold=0.3` with its threshold written in. */
export interface PolicyReference {
  readonly name: string;
  /** Replaces the route's own threshold; null where none was written. */
  readonly threshold: number | null;
}

/** Policies whose threshold a model name can carry. */
const thresholdPolicies = ['threshold', 'routellm'] as const;
export type ThresholdPolicy = (typeof thresholdPolicies)[number];

export const isThresholdPolicy = (name: string): name is ThresholdPolicy =>
  thresholdPolicies.some((known) => known === name);

const decimal = /^-?\d{1,3}(\.\d{1,12})?$/;

/** Null where the text is no reference: only `threshold` and `routellm` take a number, and it must be a plain decimal. */
export function parsePolicyReference(text: string): PolicyReference | null {
  const equals = text.indexOf('=');
  if (equals < 0) return { name: text, threshold: null };
  const name = text.slice(0, equals);
  const value = text.slice(equals + 1);
  return isThresholdPolicy(name) && decimal.test(value) ? { name, threshold: Number(value) } : null;
}

/** RouteLLM's model names, `router-mf-0.11593`: a router and a threshold. Null where the text is of another form. */
export function parseRouteLlmName(text: string): { readonly router: string; readonly threshold: string } | null {
  if (!text.startsWith('router-')) return null;
  // The threshold may be negative here, so the last hyphen alone does not split.
  const match = /^router-(.+?)-(-?\d{1,3}(?:\.\d{1,12})?)$/.exec(text);
  if (match === null) return null;
  const [, router = '', threshold = ''] = match;
  return { router, threshold };
}
