import { createHash } from 'node:crypto';
import type { RouteConfig } from '../config/config.ts';
import type { Embedder } from '../core/embedder.ts';
import { messageOf, PointsmanError } from '../core/errors.ts';
import type { SpaceRule } from '../routing/nearest-space.ts';

/**
 * Embeds the examples of a route that chooses between vector spaces, and makes a centroid of each domain; null where the route
 * does not. Rejects with `embedder_unavailable` where they cannot be embedded, with `invalid_config` where a domain's texts mean nothing.
 */
export async function createSpaceRule(
  { name, spaces }: Pick<RouteConfig, 'name' | 'spaces'>,
  embedder: Embedder,
): Promise<SpaceRule | null> {
  if (spaces === undefined) return null;
  const hash = createHash('sha256').update(embedder.id);
  const centroids = new Map<string, readonly Float32Array[]>();
  for (const [space, domains] of Object.entries(spaces.examples)) {
    const made: Float32Array[] = [];
    for (const texts of domains)
      made.push(await centroidOf(texts, embedder, `routes.${name}.spaces.examples.${space}`));
    centroids.set(space, made);
    hash.update(`\0${space}`);
    for (const centroid of made) hash.update(centroid);
  }
  return { centroids, fingerprint: hash.digest('hex').slice(0, 12) };
}

/** Mean of the texts' vectors, brought to length 1. One text at a time: an embedder's queue is bounded. */
async function centroidOf(texts: readonly string[], embedder: Embedder, place: string): Promise<Float32Array> {
  const sum = new Float64Array(embedder.dimensions);
  for (const text of texts) {
    let vector: Float32Array;
    try {
      vector = await embedder.embed(text);
    } catch (cause) {
      throw new PointsmanError(
        'embedder_unavailable',
        `${place}: the examples cannot be embedded: ${messageOf(cause)}`,
        {
          cause,
        },
      );
    }
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (vector[i] ?? 0);
  }
  const length = Math.hypot(...sum);
  if (!(length > 0))
    throw new PointsmanError('invalid_config', `${place}: the texts of a domain say nothing that can be told apart.`);
  return Float32Array.from(sum, (value) => value / length);
}
