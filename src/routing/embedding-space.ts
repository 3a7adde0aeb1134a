import type { Model } from '../core/candidate.ts';
import { PointsmanError } from '../core/errors.ts';
import type { Query } from '../core/query.ts';

/** The models of each vector space, in the route's order. Models that do not embed are in none. */
export function spacesOf(models: readonly Model[]): ReadonlyMap<string, readonly string[]> {
  const spaces = new Map<string, string[]>();
  for (const { id, embedding } of models) {
    if (embedding === undefined || embedding === null) continue;
    const members = spaces.get(embedding.space);
    if (members === undefined) spaces.set(embedding.space, [id]);
    else members.push(id);
  }
  return spaces;
}

/**
 * Vectors of two spaces cannot be compared, so a route that could answer now in one and now in the other answers not at
 * all: not even where only one of the spaces is up. The request's own list of models may narrow it to one. Throws
 * `no_eligible_candidate`.
 */
export function demandOneSpace(query: Query, spaces: ReadonlyMap<string, readonly string[]>): void {
  if (spaces.size < 2) return;
  const { models: allowed } = query.wishes;
  const open = [...spaces].filter(([, ids]) => allowed === undefined || ids.some((id) => allowed.includes(id)));
  if (open.length < 2) return;
  const each = open.map(([space, ids]) => `${space}: ${ids.join(', ')}`).join('; ');
  throw new PointsmanError(
    'no_eligible_candidate',
    `"${query.model}" embeds into several spaces whose vectors cannot be compared (${each}); ask for one of the models, ` +
      'for a route over one space, or narrow it by `models` in the `pointsman` object.',
    { param: 'model' },
  );
}
