import {
  addOuterPacked,
  addToFactor,
  factorise,
  factorSize,
  scaleFactor,
  setDiagonal,
  solveLower,
  solveUpper,
} from './information-factor.ts';
import { addMoments, momentWidth } from './running-mean.ts';

/** A window is forgotten in this many parts, oldest first. */
export const windowParts = 4;

/** No observation counts for more than this many. */
const heaviest = 1e6;

export interface BeliefSettings {
  /** [n] precision of the prior, all > 0; its mean is 0. */
  readonly precision: Float64Array;
  /** Share of the evidence left after each observation; 1 forgets nothing. */
  readonly discount: number;
  /** Observations that count; 0: all. */
  readonly window: number;
}

/** Sums of one part of a window: x x' packed, x y, squares of y, moments. */
const partSize = (n: number): number => factorSize(n) + n + 1 + momentWidth;

/**
 * Bayesian linear regression of one response on x [n], held as the information A = prior + sum of w x x' (its Cholesky
 * factor) and b = sum of w x y. Forgetting scales the evidence; the prior comes back one coordinate at each observation,
 * n times as strongly, so that A stays above the prior's share and no direction is ever forgotten into nothing.
 */
export class LinearBelief {
  readonly n: number;
  /** [n] Posterior mean. */
  readonly coefficients: Float64Array;
  /** [momentWidth] of the outcomes themselves, see `addMoments`. */
  readonly moments = new Float64Array(momentWidth);
  /** Penalised residual sum of squares. */
  residual = 0;
  readonly #settings: BeliefSettings;
  readonly #factor: Float64Array;
  readonly #information: Float64Array;
  readonly #work: Float64Array;
  /** [windowParts x partSize], newest first; empty without a window. */
  readonly #parts: Float64Array;
  /** Observations in the newest part. */
  #filled = 0;
  /** The coordinate whose prior comes back next. */
  #turn = 0;

  constructor(settings: BeliefSettings) {
    const n = settings.precision.length;
    this.n = n;
    this.#settings = settings;
    this.coefficients = new Float64Array(n);
    this.#factor = new Float64Array(factorSize(n));
    this.#information = new Float64Array(n);
    this.#work = new Float64Array(n);
    this.#parts = new Float64Array(settings.window > 0 ? windowParts * partSize(n) : 0);
    setDiagonal(this.#factor, settings.precision);
  }

  /** Numbers that `save` writes. */
  get size(): number {
    return this.#factor.length + 2 * this.n + momentWidth + 3 + this.#parts.length;
  }

  /** x' A^-1 x: how far x is from the evidence. */
  spread(x: Float64Array): number {
    this.#work.set(x);
    return solveLower(this.#factor, this.#work);
  }

  /** One outcome `value` of a query at x, whose response is y. All finite; weight > 0. */
  update(x: Float64Array, y: number, weight: number, value: number, promptTokens: number): void {
    const w = Math.min(weight, heaviest);
    const before = y - this.#fittedAt(x);
    this.#forget();
    this.#work.set(x);
    const root = Math.sqrt(w);
    for (let i = 0; i < this.n; i++) this.#work[i] = (this.#work[i] ?? 0) * root;
    addToFactor(this.#factor, this.#work);
    for (let i = 0; i < this.n; i++) this.#information[i] = (this.#information[i] ?? 0) + w * y * (x[i] ?? 0);
    this.#solve();
    // For exact least squares this product is what the penalised sum of squares grows by; never negative.
    this.residual += w * Math.max(0, before * (y - this.#fittedAt(x)));
    addMoments(this.moments, 0, w, value, promptTokens);
    if (this.#parts.length > 0) this.#addToWindow(x, y, w, value, promptTokens);
  }

  /**
   * Replaces all by a batch: `packed` sum of w x x' in the order of `factorise` (spoilt), `products` sum of w x y,
   * `squares` sum of w y y, `moments` of the outcomes.
   */
  replace(packed: Float64Array, products: Float64Array, squares: number, moments: Float64Array): void {
    if (this.#parts.length > 0) {
      this.#parts.fill(0);
      this.#parts.set(packed);
      this.#parts.set(products, packed.length);
      this.#parts[packed.length + this.n] = squares;
      this.#parts.set(moments, packed.length + this.n + 1);
    }
    this.#filled = 0;
    this.#turn = 0;
    this.#install(packed, products, squares, moments);
  }

  save(out: Float64Array, offset: number): void {
    let at = offset;
    for (const array of [this.#factor, this.#information, this.coefficients, this.moments, this.#parts]) {
      out.set(array, at);
      at += array.length;
    }
    out.set([this.residual, this.#filled, this.#turn], at);
  }

  /** False, and nothing changed, where the numbers cannot be such a belief. */
  load(from: Float64Array, offset: number): boolean {
    const own = from.subarray(offset, offset + this.size);
    if (own.length !== this.size || own.some((value) => !Number.isFinite(value))) return false;
    for (let k = 0, at = 0; k < this.n; at += this.n - k, k++) if (!((own[at] ?? 0) > 0)) return false;
    let at = 0;
    for (const array of [this.#factor, this.#information, this.coefficients, this.moments, this.#parts]) {
      array.set(own.subarray(at, at + array.length));
      at += array.length;
    }
    this.residual = own[at] ?? 0;
    this.#filled = own[at + 1] ?? 0;
    this.#turn = own[at + 2] ?? 0;
    return true;
  }

  #fittedAt(x: Float64Array): number {
    let sum = 0;
    for (let i = 0; i < this.n; i++) sum += (x[i] ?? 0) * (this.coefficients[i] ?? 0);
    return sum;
  }

  #solve(): void {
    this.coefficients.set(this.#information);
    solveLower(this.#factor, this.coefficients);
    solveUpper(this.#factor, this.coefficients);
  }

  #forget(): void {
    const { discount, precision } = this.#settings;
    if (discount === 1) return;
    scaleFactor(this.#factor, discount);
    for (let i = 0; i < this.n; i++) this.#information[i] = (this.#information[i] ?? 0) * discount;
    for (let i = 0; i < momentWidth; i++) this.moments[i] = (this.moments[i] ?? 0) * discount;
    this.residual *= discount;
    this.#work.fill(0);
    this.#work[this.#turn] = Math.sqrt(this.n * (1 - discount) * (precision[this.#turn] ?? 1));
    addToFactor(this.#factor, this.#work, this.#turn);
    this.#turn = (this.#turn + 1) % this.n;
  }

  #addToWindow(x: Float64Array, y: number, w: number, value: number, promptTokens: number): void {
    const triangle = this.#factor.length;
    addOuterPacked(this.#parts, 0, x, w);
    for (let i = 0; i < this.n; i++) {
      this.#parts[triangle + i] = (this.#parts[triangle + i] ?? 0) + w * y * (x[i] ?? 0);
    }
    const at = triangle + this.n;
    this.#parts[at] = (this.#parts[at] ?? 0) + w * y * y;
    addMoments(this.#parts, at + 1, w, value, promptTokens);
    this.#filled++;
    if (this.#filled < this.#settings.window / windowParts) return;
    // The oldest part falls out, and what is left is summed anew.
    const size = partSize(this.n);
    this.#parts.copyWithin(size, 0, (windowParts - 1) * size);
    this.#parts.fill(0, 0, size);
    this.#filled = 0;
    const sum = new Float64Array(size);
    for (let part = 1; part < windowParts; part++) {
      for (let i = 0; i < size; i++) sum[i] = (sum[i] ?? 0) + (this.#parts[part * size + i] ?? 0);
    }
    this.#install(sum.subarray(0, triangle), sum.subarray(triangle, at), sum[at] ?? 0, sum.subarray(at + 1));
  }

  #install(packed: Float64Array, products: Float64Array, squares: number, moments: Float64Array): void {
    const { precision } = this.#settings;
    for (let k = 0, at = 0; k < this.n; at += this.n - k, k++) packed[at] = (packed[at] ?? 0) + (precision[k] ?? 1);
    factorise(
      packed,
      this.n,
      precision.reduce((least, each) => Math.min(least, each), Infinity),
    );
    this.#factor.set(packed);
    this.#information.set(products);
    this.#solve();
    let explained = 0;
    for (let i = 0; i < this.n; i++) explained += (products[i] ?? 0) * (this.coefficients[i] ?? 0);
    this.residual = Math.max(0, squares - explained);
    this.moments.set(moments);
  }
}
