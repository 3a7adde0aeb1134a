/**
 * Replaces a packed symmetric positive definite [n x n] matrix (lower triangle, row after row) by its inverse:
 * A = L L', then L^-1, then (L^-1)' L^-1. Returns false, with the matrix spoilt, where A is not positive definite.
 */
export function invertPacked(packed: Float64Array, n: number): boolean {
  return factorise(packed, n) && (invertTriangle(packed, n), multiplyTransposed(packed, n), true);
}

const start = (row: number): number => (row * (row + 1)) / 2;

/** A -> L, by rows, so that every inner loop runs along two contiguous rows. */
function factorise(packed: Float64Array, n: number): boolean {
  for (let i = 0; i < n; i++) {
    const rowI = start(i);
    for (let j = 0; j <= i; j++) {
      const rowJ = start(j);
      let sum = packed[rowI + j] ?? 0;
      for (let k = 0; k < j; k++) sum -= (packed[rowI + k] ?? 0) * (packed[rowJ + k] ?? 0);
      if (j < i) {
        packed[rowI + j] = sum / (packed[rowJ + j] ?? 1);
      } else {
        if (!(sum > 0) || sum === Infinity) return false;
        packed[rowI + i] = Math.sqrt(sum);
      }
    }
  }
  return true;
}

/** L -> L^-1. Row i of the inverse is −(1 / L_ii) x the sum over k < i of L_ik x row k, which is already inverted. */
function invertTriangle(packed: Float64Array, n: number): void {
  const row = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const rowI = start(i);
    const scale = 1 / (packed[rowI + i] ?? 1);
    row.fill(0, 0, i);
    for (let k = 0; k < i; k++) {
      const factor = packed[rowI + k] ?? 0;
      const rowK = start(k);
      for (let j = 0; j <= k; j++) row[j] = (row[j] ?? 0) + factor * (packed[rowK + j] ?? 0);
    }
    for (let j = 0; j < i; j++) packed[rowI + j] = -scale * (row[j] ?? 0);
    packed[rowI + i] = scale;
  }
}

/** M -> M'M for lower triangular M. Row k only reaches rows i <= k of the result, which no later k reads. */
function multiplyTransposed(packed: Float64Array, n: number): void {
  const row = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    const rowK = start(k);
    for (let i = 0; i <= k; i++) row[i] = packed[rowK + i] ?? 0;
    packed.fill(0, rowK, rowK + k + 1);
    for (let i = 0; i <= k; i++) {
      const factor = row[i] ?? 0;
      const rowI = start(i);
      for (let j = 0; j <= i; j++) packed[rowI + j] = (packed[rowI + j] ?? 0) + factor * (row[j] ?? 0);
    }
  }
}
