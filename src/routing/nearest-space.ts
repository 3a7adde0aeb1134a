import type { Model, Removal } from '../core/candidate.ts';
import type { Embedder } from '../core/embedder.ts';
import { PointsmanError } from '../core/errors.ts';
import type { Query } from '../core/query.ts';
import { createEligibility, noneLeft, type Eligible, type EligibilityContext } from './eligibility.ts';
import { spacesOf } from './embedding-space.ts';

/** What each vector space is good at, as centroids of example texts: one for each domain. */
export interface SpaceRule {
  /** By space; each of length 1, of the route's embedder, at least one. */
  readonly centroids: ReadonlyMap<string, readonly Float32Array[]>;
  /** Changes whenever the centroids do. */
  readonly fingerprint: string;
}

/** The models of one space that are left, and the vector by which it was chosen. */
export interface InOneSpace {
  readonly left: Eligible;
  /** Null where only one space was open and the text was not looked at. */
  readonly embedding: Float32Array | null;
}

type Choose = (query: Query, context: EligibilityContext) => InOneSpace | Promise<InOneSpace>;

/**
 * RouterRetriever's rule (arXiv 2409.02685): the query goes to the expert whose centroids are most alike to it on average.
 * Here the expert is a vector space: whoever serves, fallbacks included, is a model of the space that the text chose. Which one
 * that is depends on the text and on what the request allows, never on who is up or busy: the same text always gets vectors that
 * can be compared. Deviation: the paper's centroids are of embeddings whose best expert was measured; here the operator
 * says by examples which domains a space is for.
 *
 * @returns a function that throws or rejects with `no_eligible_candidate` where nothing is left or the text does not tell, and with
 * `embedder_unavailable` where it could not be embedded: another space's vectors are no stand-in.
 */
export function createNearestSpace(models: readonly Model[], rule: SpaceRule, embedder: Embedder): Choose {
  const everybody = createEligibility(models, false);
  const spaces = spacesOf(models);
  const spaceOf = new Map([...spaces].flatMap(([space, ids]) => ids.map((id) => [id, space] as const)));
  const membersOf = new Map(
    [...spaces.keys()].map((space) => [space, createEligibility(models.filter(({ id }) => spaceOf.get(id) === space))]),
  );

  /** Of those that are not busy or broken alone. */
  const open = (query: Query, context: EligibilityContext): readonly string[] => {
    const { candidates } = everybody(query, { ...context, isUp: undefined });
    return [...new Set(candidates.flatMap(({ model }) => spaceOf.get(model) ?? []))];
  };

  const within = (
    space: string,
    why: (other: string) => string,
    query: Query,
    context: EligibilityContext,
  ): Eligible => {
    const own = membersOf.get(space)?.(query, context);
    if (own === undefined) throw noneLeft(query.model, []);
    const others = models.flatMap(({ id }): Removal[] => {
      const other = spaceOf.get(id);
      return other === space
        ? []
        : [{ model: id, check: 'embedding', reason: other === undefined ? 'it does not embed' : why(other) }];
    });
    return { candidates: own.candidates, removals: [...own.removals, ...others] };
  };

  const nearest = (
    vector: Float32Array,
    among: readonly string[],
    query: Query,
    context: EligibilityContext,
  ): InOneSpace => {
    const alike = new Map(among.map((space) => [space, likeness(vector, rule.centroids.get(space) ?? [])]));
    const [best] = [...alike].sort(([, a], [, b]) => b - a);
    if (best === undefined || vector.every((value) => value === 0)) {
      const mend = 'name a model, or narrow the request by `models` in the `pointsman` object';
      const why = `"${query.model}" chooses a vector space by the text, and there is none to choose by; ${mend}.`;
      throw new PointsmanError('no_eligible_candidate', why, { param: 'input' });
    }
    const told = (space: string): string => (alike.get(space) ?? 0).toFixed(3);
    const why = (other: string): string =>
      alike.has(other)
        ? `the text is nearer to the space ${best[0]} (${told(best[0])}) than to ${other} (${told(other)})`
        : `the request leaves no model of the space ${other}`;
    return { left: within(best[0], why, query, context), embedding: vector };
  };

  return (query, context) => {
    const among = open(query, context);
    const [only] = among;
    if (only !== undefined && among.length === 1) {
      return {
        left: within(only, (other) => `the request leaves no model of the space ${other}`, query, context),
        embedding: null,
      };
    }
    if (embedder.local === false && (query.wishes.localOnly === true || query.wishes.region !== undefined)) {
      throw new PointsmanError(
        'no_eligible_candidate',
        `"${query.model}" chooses a vector space by the text, and the embedder may not see the text of this request; name a model.`,
        { param: 'model' },
      );
    }
    const unavailable = (cause: unknown): PointsmanError =>
      new PointsmanError(
        'embedder_unavailable',
        `"${query.model}" chooses a vector space by the text, and the text could not be embedded. Try again, or name a model.`,
        { cause },
      );
    let vector: Float32Array | Promise<Float32Array>;
    try {
      vector = embedder.embed(query.text);
    } catch (cause) {
      throw unavailable(cause);
    }
    if (vector instanceof Float32Array) return nearest(vector, among, query, context);
    return vector.then(
      (made) => nearest(made, among, query, context),
      (cause: unknown) => {
        throw unavailable(cause);
      },
    );
  };
}

/** Mean cosine; all are of length 1. */
function likeness(vector: Float32Array, centroids: readonly Float32Array[]): number {
  let sum = 0;
  for (const centroid of centroids) {
    for (let i = 0; i < vector.length; i++) sum += (vector[i] ?? 0) * (centroid[i] ?? 0);
  }
  return centroids.length === 0 ? -1 : sum / centroids.length;
}
