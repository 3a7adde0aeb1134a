import { messageOf } from '../core/errors.ts';
import type { PolicyDefinition } from '../core/policy.ts';
import { checkOptions, propertiesOf } from '../routing/options.ts';

/** The catalogue, parted by whether a data set alone is enough to replay a policy. */
export interface ReplayablePolicies {
  readonly names: readonly string[];
  /** One reason each, by name: what somebody would have to say first. */
  readonly leftOut: ReadonlyMap<string, string>;
}

/** What a data set tells: a pair of models for the options that want one, quality and cost. */
const pair = { strong: 'strong', weak: 'weak' };
const told: ReadonlySet<string> = new Set(['quality', 'cost']);

/**
 * Who `--policy all` means: every policy that decides by its defaults, on predictions of quality and cost. Policies around
 * other policies, and those that read tags or latencies, need more than a data set says.
 */
export function replayablePolicies(policies: ReadonlyMap<string, PolicyDefinition>): ReplayablePolicies {
  const leftOut = new Map<string, string>();
  for (const [name, { options, uses }] of policies) {
    const untold = uses.find((quantity) => !told.has(quantity));
    if (untold !== undefined) {
      leftOut.set(name, `reads ${untold}`);
      continue;
    }
    const known = Object.keys(propertiesOf(options));
    const given = Object.fromEntries(Object.entries(pair).filter(([option]) => known.includes(option)));
    try {
      checkOptions(`policy ${name}`, options, given, name);
    } catch (error) {
      leftOut.set(name, messageOf(error));
    }
  }
  return { names: [...policies.keys()].filter((name) => !leftOut.has(name)), leftOut };
}
