import type { Policy } from '../core/policy.ts';
import { optimisticDecision } from './optimism.ts';
import { createTrialCounts, type TrialSettings } from './trial-counts.ts';
import { newDoubles } from './slab.ts';

/** Below this much evidence a model is as good as never tried: old evidence was forgotten. */
const leastEvidence = 0.5;

/**
 * argmax of mean + sqrt(xi log(evidence about all) / evidence about it) − lambda x cost, over the policy's own counts;
 * what was not tried comes first. Evidence is what `TrialSettings` lets count.
 */
export function upperBoundPolicy(
  settings: TrialSettings,
  options: { readonly lambda: number; readonly exploration: number },
): Policy<'cost'> {
  const memory = createTrialCounts(settings);
  return {
    memory,
    decide({ candidates, predictions, lambda: asked, random }) {
      const quality = newDoubles(candidates.length);
      const bonus = newDoubles(candidates.length);
      const all = Math.log(Math.max(1, memory.total));
      candidates.forEach(({ model }, i) => {
        const evidence = memory.weight(model);
        quality[i] = memory.mean(model);
        bonus[i] = evidence < leastEvidence ? Infinity : Math.sqrt((options.exploration * all) / evidence);
      });
      const costUsd = predictions.cost.mean;
      return optimisticDecision(candidates, { quality, bonus, costUsd }, asked ?? options.lambda, random);
    },
  };
}
