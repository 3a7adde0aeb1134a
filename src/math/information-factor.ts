/**
 * The Cholesky factor L of a symmetric positive definite [n x n] matrix A = L L', packed column after column:
 * n (n + 1) / 2 float64. Every operation keeps the diagonal of L positive, so A can never become indefinite, however
 * many updates it takes; an inverse that is corrected in place can. Square-root information filter (Bierman, 1977).
 */
export const factorSize = (n: number): number => (n * (n + 1)) / 2;

/** Sets L to the factor of a diagonal matrix. */
export function setDiagonal(factor: Float64Array, diagonal: Float64Array): void {
  const n = diagonal.length;
  factor.fill(0, 0, factorSize(n));
  for (let k = 0, at = 0; k < n; at += n - k, k++) factor[at] = Math.sqrt(diagonal[k] ?? 1);
}

/** A becomes share x A. */
export function scaleFactor(factor: Float64Array, share: number): void {
  const scale = Math.sqrt(share);
  for (let i = 0; i < factor.length; i++) factor[i] = (factor[i] ?? 0) * scale;
}

/**
 * A becomes A + x x', by plane rotations (Golub and Van Loan, 6.5.4). Spoils x. Starts at column `from`: everything of x
 * before it must be 0.
 */
export function addToFactor(factor: Float64Array, x: Float64Array, from = 0): void {
  const n = x.length;
  for (let k = from, at = from * n - (from * (from - 1)) / 2; k < n; at += n - k, k++) {
    const value = x[k] ?? 0;
    if (value === 0) continue;
    const pivot = factor[at] ?? 0;
    const root = Math.sqrt(pivot * pivot + value * value);
    const cosine = pivot / root;
    const sine = value / root;
    factor[at] = root;
    for (let i = k + 1; i < n; i++) {
      const below = factor[at + i - k] ?? 0;
      const rest = x[i] ?? 0;
      factor[at + i - k] = cosine * below + sine * rest;
      x[i] = cosine * rest - sine * below;
    }
  }
}

/** x becomes L^-1 x; gives its squared length, which is x' A^-1 x. Never negative. */
export function solveLower(factor: Float64Array, x: Float64Array): number {
  const n = x.length;
  let square = 0;
  for (let k = 0, at = 0; k < n; at += n - k, k++) {
    const value = (x[k] ?? 0) / (factor[at] ?? 1);
    x[k] = value;
    square += value * value;
    for (let i = k + 1, cell = at + 1; i < n; i++, cell++) x[i] = (x[i] ?? 0) - (factor[cell] ?? 0) * value;
  }
  return square;
}

/** x becomes (L')^-1 x. After `solveLower` it is A^-1 of the first x. */
export function solveUpper(factor: Float64Array, x: Float64Array): void {
  const n = x.length;
  for (let k = n - 1, at = factorSize(n) - 1; k >= 0; k--, at -= n - k) {
    let value = x[k] ?? 0;
    for (let i = k + 1, cell = at + 1; i < n; i++, cell++) value -= (factor[cell] ?? 0) * (x[i] ?? 0);
    x[k] = value / (factor[at] ?? 1);
  }
}

/**
 * Replaces a symmetric positive definite matrix, packed in the same order (its lower triangle, column after column), by
 * its factor. No pivot can be below the matrix's smallest eigenvalue, of which `floor` > 0 is a lower bound: it keeps
 * rounding from making one vanish.
 */
export function factorise(packed: Float64Array, n: number, floor: number): void {
  for (let k = 0, at = 0; k < n; at += n - k, k++) {
    const pivot = Math.sqrt(Math.max(packed[at] ?? 0, floor));
    packed[at] = pivot;
    for (let i = 1; i < n - k; i++) packed[at + i] = (packed[at + i] ?? 0) / pivot;
    for (let j = k + 1, to = at + n - k; j < n; to += n - j, j++) {
      const factor = packed[at + j - k] ?? 0;
      if (factor === 0) continue;
      for (let i = j; i < n; i++) packed[to + i - j] = (packed[to + i - j] ?? 0) - factor * (packed[at + i - k] ?? 0);
    }
  }
}

/** packed += scale x x', in the order of `factorise`. */
export function addOuterPacked(packed: Float64Array, offset: number, x: Float64Array, scale: number): void {
  const n = x.length;
  for (let k = 0, at = offset; k < n; at += n - k, k++) {
    const factor = scale * (x[k] ?? 0);
    if (factor === 0) continue;
    for (let i = k; i < n; i++) packed[at + i - k] = (packed[at + i - k] ?? 0) + factor * (x[i] ?? 0);
  }
}
