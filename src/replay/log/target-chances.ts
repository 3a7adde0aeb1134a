import { PointsmanError } from '../../core/errors.ts';
import type { Quantity } from '../../core/estimator.ts';
import type { DecideInput, Policy } from '../../core/policy.ts';
import { seededRandom } from '../../core/random.ts';
import { mixUniform } from '../../math/choice.ts';
import type { LoggedDecision } from '../../outcomes/log.ts';
import type { Catalogue } from '../../routing/catalogue.ts';
import { checkOptions } from '../../routing/options.ts';
import { policyContext } from '../../routing/policy-context.ts';
import type { TargetChances } from '../off-policy/logged-choices.ts';

/** A policy that did not write the log. */
export interface TargetPolicy {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Null: the lambda that was logged with each request where one was, else the policy's own. */
  readonly lambda: number | null;
  /** Exploration of the route on top of it. */
  readonly epsilon: number;
}

export interface Target {
  /** It remembers what came of its decisions; here it is asked as it begins, and learns nothing on the way. */
  readonly remembers: boolean;
  /** [rows x models] in the order of `models`. */
  chances(rows: readonly LoggedDecision[]): TargetChances;
}

/**
 * The policy as it would have decided then: over the candidates and the predictions that were logged with each request.
 * Predictions made today would already know what came of these requests. Throws `invalid_config` for a policy or options that
 * do not exist, `invalid_data` where the log lacks what the policy reads.
 */
export function targetPolicy(policy: TargetPolicy, models: readonly string[], catalogue: Catalogue): Target {
  const definition = catalogue.policies.get(policy.name);
  if (definition === undefined) {
    const known = [...catalogue.policies.keys()].join(', ');
    throw new PointsmanError('invalid_config', `there is no policy "${policy.name}" (${known}).`, { param: 'policy' });
  }
  const path = `policy ${policy.name}`;
  const options = checkOptions(path, definition.options, policy.options, path);
  const made = definition.create(options, policyContext(models, catalogue.policies, path));
  const uses = made.uses ?? definition.uses;
  return {
    remembers: made.memory !== undefined,
    chances(rows) {
      const out = new Float64Array(rows.length * models.length);
      rows.forEach((row, i) => {
        const propensities = decide(made, uses, policy, row);
        row.candidates.forEach((model, c) => {
          out[i * models.length + models.indexOf(model)] = propensities[c] ?? 0;
        });
      });
      return out;
    },
  };
}

function decide(
  made: Policy,
  uses: readonly Quantity[],
  { name, lambda, epsilon }: TargetPolicy,
  row: LoggedDecision,
): Float64Array {
  const { predictions } = row;
  if (!holdsAll(predictions, uses)) {
    const missing = uses.filter((quantity) => predictions[quantity] === undefined).join(', ');
    throw new PointsmanError(
      'invalid_data',
      `${name} reads ${missing}, and request ${row.decision} was logged without it, since ${row.policy} does not read it. ` +
        'Log with a policy that reads the same, or with "mode: observe".',
    );
  }
  const decision = made.decide({
    candidates: row.candidates.map((model) => ({ model, price: null })),
    predictions,
    lambda: lambda ?? row.lambda,
    // Propensities are computed, not drawn: the stream only breaks ties of what is not asked for here.
    random: seededRandom(`evaluate:${row.decision}`),
  });
  if (decision.plan.type === 'reject') {
    throw new PointsmanError(
      'invalid_data',
      `${name} would refuse request ${row.decision}; what that is worth, no log tells.`,
    );
  }
  const propensities = decision.propensities.slice();
  if (epsilon > 0) mixUniform(propensities, epsilon);
  return propensities;
}

function holdsAll<Uses extends Quantity>(
  predictions: LoggedDecision['predictions'],
  uses: readonly Uses[],
): predictions is DecideInput<Uses>['predictions'] {
  return uses.every((quantity) => predictions[quantity] !== undefined);
}
