import type { Random } from '../core/random.ts';
import { centreIndex, kMeans, nearestOf } from './k-means.ts';
import { targetMeans, type PreparedRows } from './prepared-rows.ts';
import { unitScore } from './quantised-rows.ts';
import type { StateReader } from './state-reader.ts';
import type { TrainedPart } from './trained-estimator.ts';

export interface ClusterShape {
  readonly dimensions: number;
  /** Centres looked for. */
  readonly clusters: number;
  /** Nearest centres that speak. */
  readonly nearest: number;
  /** Weights are softmax(sharpness x cosine) over them. */
  readonly sharpness: number;
  /** Rows of its cluster that a model's overall mean is worth. */
  readonly strength: number;
}

/** Clusters the training queries and keeps the mean of each model in each cluster, shrunk to its overall mean. */
export function fitClusters(rows: PreparedRows, shape: ClusterShape, random: Random): TrainedPart {
  const { count, models, width, inputs, targets } = rows;
  const { dimensions, strength } = shape;
  const centres = kMeans(inputs, width, dimensions, shape.clusters, random);
  const overall = targetMeans(rows, 0.5);
  const index = centreIndex(centres, dimensions);
  const sums = new Float64Array(centres.length * models);
  const seen = new Float64Array(centres.length * models);
  for (let row = 0; row < count; row++) {
    const scores = index.scores(inputs.subarray(row * width, row * width + dimensions));
    if (scores === null) continue;
    const nearest = nearestOf(scores);
    for (let m = 0; m < models; m++) {
      const target = targets[row * models + m] ?? NaN;
      if (Number.isNaN(target)) continue;
      const cell = nearest * models + m;
      sums[cell] = (sums[cell] ?? 0) + target;
      seen[cell] = (seen[cell] ?? 0) + 1;
    }
  }
  const tables = sums.map(
    (sum, cell) => (sum + strength * (overall[cell % models] ?? 0)) / ((seen[cell] ?? 0) + strength),
  );
  return clusterPart(shape, centres, tables, overall);
}

/** @param tables [clusters x models]. @param overall [models], for a query without a direction. */
function clusterPart(
  shape: ClusterShape,
  centres: readonly Float32Array[],
  tables: Float64Array,
  overall: Float64Array,
): TrainedPart {
  const { dimensions, nearest, sharpness } = shape;
  const models = overall.length;
  const index = centreIndex(centres, dimensions);
  const query = new Float32Array(dimensions);
  const speakers: number[] = [];
  return {
    predict(input, out) {
      query.set(input.subarray(0, dimensions));
      const scores = centres.length === 0 ? null : index.scores(query);
      if (scores === null) {
        out.set(overall);
        return;
      }
      speakers.length = 0;
      for (let c = 0; c < scores.length; c++) {
        let place = Math.min(speakers.length, nearest);
        while (place > 0 && (scores[c] ?? 0) > (scores[speakers[place - 1] ?? 0] ?? 0)) place--;
        if (place < nearest) speakers.splice(place, 0, c);
        if (speakers.length > nearest) speakers.pop();
      }
      out.fill(0);
      const best = scores[speakers[0] ?? 0] ?? 0;
      let total = 0;
      for (const c of speakers) {
        const weight = Math.exp((sharpness * ((scores[c] ?? 0) - best)) / unitScore);
        total += weight;
        for (let m = 0; m < models; m++) out[m] = (out[m] ?? 0) + weight * (tables[c * models + m] ?? 0);
      }
      for (let m = 0; m < models; m++) out[m] = (out[m] ?? 0) / total;
    },
    save() {
      const flat = new Float64Array(centres.length * dimensions);
      centres.forEach((centre, c) => flat.set(centre, c * dimensions));
      return { data: { clusters: centres.length }, arrays: { centres: flat, tables, overall } };
    },
  };
}

export function loadClusters(reader: StateReader, shape: ClusterShape, models: number): TrainedPart {
  const { dimensions } = shape;
  const count = reader.count('clusters');
  const flat = reader.doubles('centres', count * dimensions);
  const centres = Array.from({ length: count }, (_, c) =>
    Float32Array.from(flat.subarray(c * dimensions, (c + 1) * dimensions)),
  );
  return clusterPart(shape, centres, reader.doubles('tables', count * models), reader.doubles('overall', models));
}
