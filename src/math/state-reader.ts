import { PointsmanError } from '../core/errors.ts';
import type { Json, State } from '../core/state.ts';

/** Reads saved state field by field; whatever is not as its writer wrote it throws `invalid_data` and says what to do. */
export class StateReader {
  readonly #owner: string;
  readonly #state: State;

  constructor(owner: string, state: State, version: number) {
    this.#owner = owner;
    this.#state = state;
    if (state.version !== version) this.refuse(`it is of version ${state.version}, this is version ${version}`);
  }

  refuse(why: string): never {
    throw new PointsmanError(
      'invalid_data',
      `The saved state of ${this.#owner} does not fit: ${why}. Train the artefact again, or remove the snapshot.`,
    );
  }

  /** Refuses unless the field is exactly this. */
  expect(key: string, value: string | number): void {
    const found = this.#state.data[key];
    if (found !== value) this.refuse(`${key} is ${JSON.stringify(found)} there and ${JSON.stringify(value)} here`);
  }

  /** A whole number >= 0. */
  count(key: string): number {
    const value = this.#state.data[key];
    if (!isCount(value)) return this.refuse(`${key} is not a count`);
    return value;
  }

  counts(key: string): number[] {
    const value = this.#state.data[key];
    if (!Array.isArray(value) || !value.every(isCount)) return this.refuse(`${key} is not a list of counts`);
    return value;
  }

  strings(key: string): string[] {
    const value = this.#state.data[key];
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
      return this.refuse(`${key} is not a list of strings`);
    }
    return value;
  }

  /** A copy. */
  doubles(key: string, length: number): Float64Array {
    const array = this.#state.arrays[key];
    if (!(array instanceof Float64Array) || array.length !== length) {
      return this.refuse(`${key} is not ${length} float64 numbers`);
    }
    return array.slice();
  }

  /** Not a copy. */
  bytes(key: string, length: number): Uint8Array {
    const array = this.#state.arrays[key];
    if (!(array instanceof Uint8Array) || array.length !== length) return this.refuse(`${key} is not ${length} bytes`);
    return array;
  }
}

const isCount = (value: Json | undefined): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0;
