import type { Model } from '../core/candidate.ts';
import type { Embedder } from '../core/embedder.ts';
import { PointsmanError } from '../core/errors.ts';
import type { Quantity } from '../core/estimator.ts';
import type { EstimatorSlot, EstimatorSlots } from './predictor.ts';

/** What of a route's settings has to fit together. */
interface Checked {
  readonly name: string;
  readonly models: readonly Model[];
  readonly embedder: Embedder | null;
  readonly exploration: { readonly epsilon: number };
}

const quantities = ['quality', 'cost', 'latency', 'output_tokens'] as const satisfies readonly Quantity[];

const refuse = (param: string, message: string): PointsmanError =>
  new PointsmanError('invalid_config', `${param}: ${message}`, { param });

/** Throws `invalid_config` naming the setting of the route that cannot work. */
export function checkRoute(route: Checked, uses: readonly Quantity[], slots: EstimatorSlots): void {
  const path = `routes.${route.name}`;
  if (route.models.length === 0) throw refuse(`${path}.models`, 'a route needs at least one model.');
  const { epsilon } = route.exploration;
  if (!(epsilon >= 0 && epsilon <= 1)) {
    throw refuse(`${path}.exploration.epsilon`, `a probability in [0, 1], got ${epsilon}.`);
  }
  for (const quantity of quantities) {
    const slot = slots[quantity];
    if (slot !== undefined) checkSlot(route.name, quantity, slot, route.embedder);
    // Cost alone can be told without an estimator: from the price.
    else if (quantity !== 'cost' && uses.includes(quantity)) {
      throw refuse(
        `${path}.estimators.${quantity}`,
        `the policy reads ${quantity}; name an estimator for it, e.g. mean.`,
      );
    }
  }
}

/** Throws `invalid_config` where the estimator cannot estimate this quantity here. */
export function checkSlot(route: string, quantity: Quantity, slot: EstimatorSlot, embedder: Embedder | null): void {
  const param = `routes.${route}.estimators.${quantity}`;
  const { quantities: able, needsEmbedding } = slot.definition;
  if (!able.includes(quantity)) throw refuse(param, `"${slot.name}" estimates ${able.join(', ')}, not ${quantity}.`);
  if (needsEmbedding && embedder === null) {
    throw refuse(param, `"${slot.name}" reads an embedding; configure an embedder.`);
  }
}

/** Throws `invalid_config` where a policy rules out every model of its route. */
export function checkForbidden(
  path: string,
  models: readonly string[],
  forbidden: ReadonlyMap<string, string> | undefined,
): void {
  if (forbidden === undefined || !models.every((id) => forbidden.has(id))) return;
  const each = models.map((id) => `${id} (${forbidden.get(id) ?? ''})`).join('; ');
  throw refuse(path, `its limits leave no model of the route: ${each}.`);
}
