import type { Model, Target } from '../core/candidate.ts';
import type { Decision } from '../core/decision.ts';
import type { Query, Wishes } from '../core/query.ts';

/** A model that may be asked, with the targets of it that may see this prompt. */
export interface Option {
  readonly model: Model;
  /** At least one. */
  readonly targets: readonly Target[];
}

/**
 * Who may be called, best first: the plan's model, then the decision's ranking. The client's constraints were held
 * when candidates were picked; they are held again here, target by target, because every call must keep them.
 */
export function optionsOf(decision: Decision, models: ReadonlyMap<string, Model>, query: Query): readonly Option[] {
  const { plan } = decision;
  switch (plan.type) {
    case 'reject':
      return [];
    case 'route': {
      const first = optionOf(models.get(plan.model), query.wishes);
      const options = first ? [first] : [];
      for (const index of decision.ranking) {
        const id = decision.candidates[index]?.model;
        if (id === undefined || id === plan.model) continue;
        const option = optionOf(models.get(id), query.wishes);
        if (option) options.push(option);
      }
      if (decision.removals.length > 0) options.push(...lastOptions(decision, models, query.wishes));
      return options;
    }
    default:
      return plan satisfies never;
  }
}

/**
 * Models that were passed over for their health alone: they may be back by the time all others have failed. What they
 * would cost was not predicted, so a request with a dollar cap does without them.
 */
function lastOptions({ removals }: Decision, models: ReadonlyMap<string, Model>, wishes: Wishes): readonly Option[] {
  if (wishes.maxCostUsd !== undefined) return [];
  return removals.flatMap(({ check, model }) =>
    check === 'health' ? (optionOf(models.get(model), wishes) ?? []) : [],
  );
}

function optionOf(model: Model | undefined, wishes: Wishes): Option | null {
  if (model === undefined || (wishes.models !== undefined && !wishes.models.includes(model.id))) return null;
  const constrained = wishes.localOnly === true || wishes.region !== undefined;
  const targets = constrained ? model.targets.filter((target) => mayAsk(target, wishes)) : model.targets;
  return targets.length > 0 ? { model, targets } : null;
}

function mayAsk(target: Target, { localOnly, region }: Wishes): boolean {
  return (localOnly !== true || target.local) && (region === undefined || target.region === region);
}
