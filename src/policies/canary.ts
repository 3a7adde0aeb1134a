import { Type } from 'typebox';
import { PointsmanError } from '../core/errors.ts';
import type { Quantity } from '../core/estimator.ts';
import type { Learner } from '../core/learner.ts';
import { definePolicy } from '../core/policy.ts';
import { baseArm, candidateArm, createCanaryTrial } from '../math/canary-trial.ts';
import { policyReference } from '../math/inner-options.ts';
import { memoryOf } from '../math/joint-memory.ts';
import { short } from '../math/choice.ts';

/** A new policy gets a share of the traffic until the evidence promotes it or rolls it back. */
export default definePolicy({
  summary: 'A share of the traffic for a new policy, promoted or rolled back by a test that may be looked at any time.',
  source:
    'Always-valid sequential testing: quality and cost of both policies have confidence sequences (Waudby-Smith and Ramdas 2024, ' +
    'empirical Bernstein; Howard et al. 2021) that hold together at every moment with probability 1 - alpha, so stopping at the first ' +
    'verdict is no cheating. Promoted: surely not worse than the margin, and surely not dearer where `highest_cost_usd` is given. ' +
    'Rolled back: surely worse, or surely dearer. Every decision draws its arm, and propensities are those of the mixture. Deviations: the verdict, its margins and the split of alpha over quality and cost are ours.',
  options: Type.Object({
    policy: policyReference('What decides today.'),
    candidate: policyReference('What may replace it.'),
    share: Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0.05,
      description: 'Of the requests that the candidate decides while it is tested.',
    }),
    alpha: Type.Number({
      exclusiveMinimum: 0,
      maximum: 0.5,
      default: 0.05,
      description: 'Probability of a wrong verdict, over the whole test.',
    }),
    quality_margin: Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0.02,
      description: 'Quality that the candidate may be worse by.',
    }),
    highest_cost_usd: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        description: 'What the dearest request may cost; dearer ones count as this. Default: cost is not tested.',
      }),
    ),
    cost_margin_usd: Type.Number({
      minimum: 0,
      default: 0,
      description: 'US dollars per request that the candidate may be dearer by.',
    }),
    least_weight: Type.Number({
      minimum: 0,
      default: 0.5,
      description: 'Quality facts of less weight are not counted.',
    }),
  }),
  uses: ['quality', 'cost'],
  example: () => ({
    policy: 'random',
    candidate: { type: 'cost-aware', lambda: 50 },
    share: 0.05,
    alpha: 0.05,
    quality_margin: 0.02,
    highest_cost_usd: 0.1,
    cost_margin_usd: 0,
    least_weight: 0.5,
  }),
  create(options, context) {
    const base = context.policy(options.policy, 'policy');
    const candidate = context.policy(options.candidate, 'candidate');
    if (base.name === 'canary' || candidate.name === 'canary') {
      throw new PointsmanError('invalid_config', 'canary: one canary at a time; finish the inner one first.', {
        param: 'candidate',
      });
    }
    const trial = createCanaryTrial({
      alpha: options.alpha,
      qualityMargin: options.quality_margin,
      highestCostUsd: options.highest_cost_usd ?? null,
      costMarginUsd: options.cost_margin_usd,
      leastWeight: options.least_weight,
    });
    const uses: readonly Quantity[] = [...new Set([...base.uses, ...candidate.uses])];
    return {
      uses,
      memory: memoryOf([trial, heardBy(baseArm, base.memory), heardBy(candidateArm, candidate.memory)]),
      decide(input) {
        const share = { testing: options.share, promoted: 1, rolled_back: 0 }[trial.phase];
        // Drawn always, so that the streams of the inner policies do not depend on the phase.
        const arm = input.random.next() < share ? candidateArm : baseArm;
        const ofBase = share < 1 ? base.decide(input) : null;
        const ofCandidate = share > 0 ? candidate.decide(input) : null;
        const chosen = arm === candidateArm ? ofCandidate : ofBase;
        if (chosen === null) throw new PointsmanError('internal_error', 'canary: the drawn policy was not asked.');
        const propensities = new Float64Array(input.candidates.length);
        for (let i = 0; i < propensities.length; i++) {
          propensities[i] = (1 - share) * (ofBase?.propensities[i] ?? 0) + share * (ofCandidate?.propensities[i] ?? 0);
        }
        const name = arm === candidateArm ? `canary ${candidate.name}` : base.name;
        return {
          ...chosen,
          propensities,
          reason: `${name} (${trial.phase.replace('_', ' ')}, share ${short(share)}): ${chosen.reason}`,
          note: [arm, ...(chosen.note ?? [])],
        };
      },
    };
  },
});

/** An inner memory gets back the notes of its own decisions only, without the arm in front; administrators are not its business. */
function heardBy(arm: number, memory: Learner | null): Learner | null {
  if (memory === null) return null;
  return {
    update(observation) {
      const { note } = observation;
      const said = note?.[0] ?? arm;
      if (said < 0) return;
      memory.update({
        ...observation,
        note: said === arm && note !== undefined && note.length > 1 ? note.slice(1) : undefined,
      });
    },
    save: () => memory.save(),
    load: (state) => memory.load(state),
  };
}
