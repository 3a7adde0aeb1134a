import { Type } from 'typebox';
import { PointsmanError } from '../core/errors.ts';
import type { Quantity } from '../core/estimator.ts';
import { definePolicy } from '../core/policy.ts';
import { bestOf, knotCount, normalHeights, placeNormal } from '../math/best-of.ts';
import { drawIndex, short } from '../math/choice.ts';
import { policyReference } from '../math/inner-options.ts';
import { memoryOf } from '../math/joint-memory.ts';
import { createPolicyWorth, worthNote } from '../math/policy-worth.ts';
import { newDoubles } from '../math/slab.ts';

/** Nobody knows beforehand which policy suits the traffic: let several compete for it. */
export default definePolicy({
  summary: 'Several policies; each decides as often as it is probably the best of them.',
  source:
    'Thompson sampling over policies, as TAILOR (Zhang et al., 2023) does over active-learning strategies. Deviations: TAILOR credits ' +
    'the strategy that acted and balances its reward over classes; here every observation credits every policy by its own ' +
    'chance of the chosen model (self-normalised importance sampling), and queries have no classes to balance. The worth ' +
    'of each policy is quality − lambda x cost per request with a normal posterior; the propensity of a model is the sum ' +
    "over policies of the policy's probability times the model's under it.",
  options: Type.Object({
    policies: Type.Array(policyReference('A policy.'), {
      minItems: 2,
      maxItems: 16,
      description: 'Who competes: names, or maps of `type` and options.',
    }),
    lambda: Type.Number({
      minimum: 0,
      default: 50,
      description: "Quality per US dollar, for all of them; the request's and the route's own lambda go before it.",
    }),
    least_share: Type.Number({
      minimum: 0,
      maximum: 0.5,
      default: 0.02,
      description: 'Share of the requests that is divided equally among all of them.',
    }),
    discount: Type.Number({
      minimum: 0.5,
      maximum: 1,
      default: 1,
      description: 'What is left of the evidence about policies at each observation; 1 forgets nothing.',
    }),
  }),
  uses: ['quality', 'cost'],
  example: () => ({
    policies: ['random', 'cost-aware', { type: 'epsilon-greedy', epsilon: 0.1 }],
    lambda: 50,
    least_share: 0.02,
    discount: 1,
  }),
  create(options, context) {
    const inner = options.policies.map((reference, i) => context.policy(reference, `policies.${i}`));
    if (inner.some(({ name }) => name === 'policy-bandit')) {
      throw new PointsmanError(
        'invalid_config',
        'policy-bandit: list the policies of an inner policy-bandit directly.',
        {
          param: 'policies',
        },
      );
    }
    const worth = createPolicyWorth(inner.length, options.discount);
    const uses: readonly Quantity[] = [...new Set(inner.flatMap((policy) => policy.uses))];
    return {
      uses,
      memory: memoryOf([worth, ...inner.map(({ memory }) => memory)]),
      decide(input) {
        const { candidates, random } = input;
        const lambda = input.lambda ?? options.lambda;
        const decisions = inner.map((policy) => policy.decide({ ...input, lambda }));
        const knots = new Float64Array(inner.length * knotCount);
        inner.forEach((_, k) => {
          const { mean, deviation } = worth.worth(k, lambda);
          placeNormal(knots, k, mean, deviation);
        });
        const shares = bestOf(knots, normalHeights, inner.length);
        const propensities = newDoubles(candidates.length);
        for (let k = 0; k < inner.length; k++) {
          const share = (1 - options.least_share) * (shares[k] ?? 0) + options.least_share / inner.length;
          shares[k] = share;
          const own = decisions[k]?.propensities;
          for (let i = 0; i < candidates.length; i++)
            propensities[i] = (propensities[i] ?? 0) + share * (own?.[i] ?? 0);
        }
        const k = drawIndex(shares, random);
        const decision = decisions[k];
        if (decision === undefined) throw new PointsmanError('internal_error', 'policy-bandit drew no policy.');
        const chosen = decision.ranking[0] ?? 0;
        const chances = decisions.map((each) => each.propensities[chosen] ?? 0);
        return {
          ...decision,
          propensities,
          lambda,
          reason: `${inner[k]?.name ?? ''}, best with probability ${short(shares[k] ?? 0)}: ${decision.reason}`,
          note: worthNote(candidates[chosen]?.model ?? '', propensities[chosen] ?? 0, chances),
        };
      },
    };
  },
});
