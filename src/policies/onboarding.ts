import { Type } from 'typebox';
import { definePolicy } from '../core/policy.ts';
import { callOf, drawIndex, moveToFront, short } from '../math/choice.ts';
import { policyReference } from '../math/inner-options.ts';
import { memoryOf } from '../math/joint-memory.ts';
import { createTrialCounts } from '../math/trial-counts.ts';

/** Deviation of a quality at which a query is as worth probing as any. */
const fullDoubt = 0.25;

/** A model that has just arrived is asked a few questions first, then gets some traffic, then competes like any other. */
export default definePolicy({
  summary: 'Another policy that tries new models first: a quiz on the queries that tell most, then cautious traffic.',
  source:
    'ParetoBandit forces 20 calls of a new model; LLM Bandit asks 20 to 50 discriminative prompts. Deviations: here ' +
    'a model with fewer than probes labels is called with probability share x min(1, deviation / 0.25), the deviation ' +
    "being the quality estimator's for this very query, so that probes go where they say most; several newcomers divide " +
    'it. Up to cautious_until labels the inner policy decides, but the newcomer gets at most cautious_share of a ' +
    'decision. Labels are counted in its own memory; without any, a new model stays new.',
  options: Type.Object({
    policy: policyReference('What decides otherwise.'),
    probes: Type.Integer({
      minimum: 1,
      maximum: 10_000,
      default: 20,
      description: 'Labels that a new model has to get.',
    }),
    share: Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0.5,
      description: 'Largest share of requests that probes take, while there is a new model.',
    }),
    cautious_until: Type.Integer({
      minimum: 0,
      maximum: 100_000,
      default: 40,
      description: 'Labels after which a model competes like any other.',
    }),
    cautious_share: Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0.5,
      description: 'Most of the probability that a model on trial gets in one decision.',
    }),
  }),
  uses: ['quality', 'cost'],
  example: () => ({ policy: 'cost-aware', probes: 20, share: 0.5, cautious_until: 40, cautious_share: 0.5 }),
  create(options, context) {
    const inner = context.policy(options.policy, 'policy');
    const counts = createTrialCounts({ owner: 'onboarding', discount: 1, window: 0 });
    return {
      uses: inner.uses.includes('quality') ? inner.uses : [...inner.uses, 'quality'],
      memory: memoryOf([counts, inner.memory]),
      decide(input) {
        const { candidates, predictions, random } = input;
        const decision = inner.decide(input);
        if (decision.plan.type === 'reject') return decision;
        const labels = candidates.map(({ model }) => counts.weight(model));
        // Where nobody is known yet there is nothing to protect: the inner policy explores as it does.
        const known = labels.some((each) => each >= options.probes);
        if (!known || labels.every((each) => each >= options.cautious_until)) return decision;

        const propensities = decision.propensities.slice();
        const best = (least: number): number | undefined => decision.ranking.find((i) => (labels[i] ?? 0) >= least);
        const settled = best(options.cautious_until) ?? best(options.probes) ?? 0;
        const newcomers: number[] = [];
        labels.forEach((each, i) => {
          if (each < options.probes) newcomers.push(i);
          const most = each < options.probes ? 0 : each < options.cautious_until ? options.cautious_share : 1;
          const excess = i === settled ? 0 : Math.max(0, (propensities[i] ?? 0) - most);
          propensities[i] = (propensities[i] ?? 0) - excess;
          propensities[settled] = (propensities[settled] ?? 0) + excess;
        });
        const probes = newcomers.map(
          (i) => (options.share / newcomers.length) * Math.min(1, (predictions.quality.deviation[i] ?? 0) / fullDoubt),
        );
        const left = 1 - probes.reduce((sum, probe) => sum + probe, 0);
        for (let i = 0; i < propensities.length; i++) propensities[i] = (propensities[i] ?? 0) * left;
        newcomers.forEach((i, place) => (propensities[i] = (propensities[i] ?? 0) + (probes[place] ?? 0)));
        const chosen = drawIndex(propensities, random);
        const ranking = [...decision.ranking];
        moveToFront(ranking, chosen);
        const model = candidates[chosen]?.model ?? '';
        const reason = newcomers.includes(chosen)
          ? `${model} is new: ${short(labels[chosen] ?? 0)} of ${options.probes} probes`
          : `${decision.reason} (${newcomers.length} new, drawn with probability ${short(propensities[chosen] ?? 0)})`;
        return { ...decision, plan: callOf(candidates, chosen), ranking, propensities, reason };
      },
    };
  },
});
