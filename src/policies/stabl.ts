import { Type } from 'typebox';
import { definePolicy } from '../core/policy.ts';
import { mixUniform, short } from '../math/choice.ts';
import { drawnDecision } from '../math/drawn.ts';
import { lambdaOption } from '../math/policy-options.ts';
import { createScaleExperts } from '../math/scale-experts.ts';

/** Low regret over every stretch of time, whatever happens in it, with a second model asked beside the served one. */
export default definePolicy({
  summary: 'Exponential weights at many time scales at once; a second observation keeps it ready for any change.',
  source:
    'StABL, the strongly adaptive bandit learner with two observations a round: EXP3 experts over a geometric range of step sizes, each ' +
    'begun anew when its interval ends, under multiplicative weights; regret O~(sqrt(n x length)) over every interval. Deviations: ' +
    'intervals from 16 to 65,536 facts; both the served and the second answer teach, each by its own propensity (the served one with ' +
    'implicit exploration, as in exp3), so it also learns, without the guarantee, where no second answer comes; regret that moves ' +
    'trust is clipped to [-1, 1]; dollars count at the running mean of the model, and a loss at most 2. The second model is drawn uniformly ' +
    'among all candidates. A gateway asks it where the route has `second`; without it the policy learns from what was served.',
  options: Type.Object({
    second_share: Type.Number({
      minimum: 0,
      maximum: 1,
      default: 1,
      description: 'Share of requests for which a second model is observed.',
    }),
    epsilon: Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0.02,
      description: 'Share of requests whose model is drawn uniformly.',
    }),
    bias: Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      default: 0.05,
      description: "Added to the served model's propensity that its loss is divided by.",
    }),
    lambda: Type.Number({ ...lambdaOption, description: 'Quality per US dollar, of what it learns to lose less of.' }),
  }),
  uses: [],
  asksSecond: true,
  example: () => ({ second_share: 1, epsilon: 0.02, bias: 0.05, lambda: 50 }),
  create(options) {
    const memory = createScaleExperts(options);
    return {
      memory,
      decide({ candidates, random }) {
        const propensities = memory.mixture(candidates.map(({ model }) => model));
        mixUniform(propensities, options.epsilon);
        const wanted = random.next() < options.second_share;
        const place = random.integer(candidates.length);
        const decision = drawnDecision(
          candidates,
          propensities,
          options.lambda,
          random,
          (chosen) =>
            `drawn with probability ${short(propensities[chosen] ?? 0)} after ${short(memory.facts)} observed qualities`,
        );
        return wanted
          ? { ...decision, second: { place, propensity: options.second_share / candidates.length } }
          : decision;
      },
    };
  },
});
