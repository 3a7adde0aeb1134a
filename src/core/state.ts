/** Plain JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;

/**
 * Learned state as plain, versioned data: it can be saved, diffed and swapped. `version` belongs to whoever wrote the
 * state and changes when its meaning does; loading another version throws `invalid_data`.
 */
export interface State {
  readonly version: number;
  readonly data: Readonly<Record<string, Json>>;
  readonly arrays: Readonly<Record<string, TypedArray>>;
}
