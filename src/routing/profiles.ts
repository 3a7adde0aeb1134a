import type { Model, ModelProfile } from '../core/candidate.ts';
import { factsOf } from '../math/model-facts.ts';

/** What is known of each model of a route, by id; a size that nobody told is read from the id (`llama-3-70b`). */
export const profilesOf = (models: readonly Model[]): ReadonlyMap<string, ModelProfile> =>
  new Map(
    models.map(({ id, price, profile, targets }) => [
      id,
      {
        sizeBillions: profile?.sizeBillions ?? factsOf({ model: id, price }).sizeBillions,
        released: profile?.released ?? null,
        licence: profile?.licence ?? null,
        regions: targets.map(({ region }) => region),
      },
    ]),
  );
