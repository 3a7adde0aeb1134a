import type { TrainingRows } from '../core/estimator.ts';
import { seededRandom } from '../core/random.ts';
import { CoefficientRows } from './coefficient-rows.ts';
import { addOuterPacked, factorSize } from './information-factor.ts';
import { thinRows } from './thin-rows.ts';

/** Rows that principal directions are found from; more hardly turn them. */
const rowLimit = 4000;
const rounds = 25;

/** A linear map from an embedding to fewer numbers, [dimensions x components] with one row per embedding dimension. */
export type Projection = Float64Array;

/**
 * Before anything was fitted: columns of independent signs over sqrt(components), which keeps lengths and angles within
 * a few percent (Achlioptas, 2003). Same on every machine.
 */
export function randomProjection(dimensions: number, components: number): Projection {
  const random = seededRandom(`projection ${dimensions} ${components}`);
  const scale = 1 / Math.sqrt(components);
  return Float64Array.from({ length: dimensions * components }, () => (random.next() < 0.5 ? -scale : scale));
}

/** Where there is nothing to reduce: each dimension stays itself. */
export function identityProjection(dimensions: number): Projection {
  const projection = new Float64Array(dimensions * dimensions);
  for (let i = 0; i < dimensions; i++) projection[i * dimensions + i] = 1;
  return projection;
}

/**
 * The leading principal directions of the rows, about the origin: eigenvectors of X'X by orthogonal iteration from a
 * fixed start. What is regressed on them does not depend on how they are turned within their span.
 */
export function principalProjection(rows: TrainingRows, components: number): Projection {
  const { dimensions } = rows;
  const moments = new Float64Array(factorSize(dimensions));
  const row = new Float64Array(dimensions);
  for (const index of thinRows(rows, rowLimit)) {
    row.set(rows.embeddings.subarray(index * dimensions, (index + 1) * dimensions));
    addOuterPacked(moments, 0, row, 1);
  }
  let basis = randomProjection(dimensions, components);
  orthonormalise(basis, dimensions, components);
  for (let round = 0; round < rounds; round++) {
    basis = multiplyPacked(moments, basis, dimensions, components);
    orthonormalise(basis, dimensions, components);
  }
  return basis;
}

/** Writes P' embedding into `out`, [components]; what follows them in `out` stays. */
export type Reduce = (embedding: Float32Array, out: Float64Array) => void;

/** The projection [dimensions x width] in the order in which WebAssembly multiplies: a row for each component. */
export function reduceBy(projection: Projection, width: number): Reduce {
  const dimensions = projection.length / width;
  const components = new CoefficientRows(dimensions);
  components.add(width);
  const rows = components.view(0, width);
  for (let d = 0; d < dimensions; d++) {
    for (let k = 0; k < width; k++) rows[k * dimensions + d] = projection[d * width + k] ?? 0;
  }
  return (embedding, out) => {
    const products = components.products(embedding);
    for (let k = 0; k < width; k++) out[k] = products[k] ?? 0;
  };
}

/** A B for packed symmetric A [n x n] and B [n x width]. */
function multiplyPacked(packed: Float64Array, b: Float64Array, n: number, width: number): Float64Array {
  const out = new Float64Array(n * width);
  const add = (to: number, from: number, factor: number): void => {
    for (let k = 0; k < width; k++) {
      out[to * width + k] = (out[to * width + k] ?? 0) + factor * (b[from * width + k] ?? 0);
    }
  };
  for (let column = 0, at = 0; column < n; at += n - column, column++) {
    for (let row = column; row < n; row++) {
      const value = packed[at + row - column] ?? 0;
      if (value === 0) continue;
      add(row, column, value);
      if (row !== column) add(column, row, value);
    }
  }
  return out;
}

/** Modified Gram-Schmidt over columns, in place. A column that the others already span becomes zero. */
function orthonormalise(basis: Float64Array, n: number, width: number): void {
  for (let column = 0; column < width; column++) {
    const before = columnLength(basis, n, width, column);
    for (let earlier = 0; earlier < column; earlier++) {
      let product = 0;
      for (let i = 0; i < n; i++) product += (basis[i * width + column] ?? 0) * (basis[i * width + earlier] ?? 0);
      for (let i = 0; i < n; i++) {
        basis[i * width + column] = (basis[i * width + column] ?? 0) - product * (basis[i * width + earlier] ?? 0);
      }
    }
    const length = columnLength(basis, n, width, column);
    const scale = length > 1e-9 * before ? 1 / length : 0;
    for (let i = 0; i < n; i++) basis[i * width + column] = (basis[i * width + column] ?? 0) * scale;
  }
}

function columnLength(basis: Float64Array, n: number, width: number, column: number): number {
  let square = 0;
  for (let i = 0; i < n; i++) square += (basis[i * width + column] ?? 0) ** 2;
  return Math.sqrt(square);
}
