import { PointsmanError } from '../core/errors.ts';
import type { Learner } from '../core/learner.ts';
import type { Json, State, TypedArray } from '../core/state.ts';

const version = 1;

/** Several memories that fold the same observations, kept as one. The order of the parts is part of the state. */
export function jointMemory(parts: readonly Learner[]): Learner {
  const own = parts.map((part) => part.save().version);
  const loadAll = (states: readonly State[]): void => parts.forEach((part, i) => part.load(states[i] ?? part.save()));
  return {
    update(observation) {
      for (const part of parts) part.update(observation);
    },
    save() {
      const data: Record<string, Json> = {};
      const arrays: Record<string, TypedArray> = {};
      parts.forEach((part, i) => {
        const state = part.save();
        data[`${i}`] = state.data;
        for (const [name, array] of Object.entries(state.arrays)) arrays[`${i}/${name}`] = array;
      });
      return { version, data: { parts: own, ...data }, arrays };
    },
    load(state) {
      if (state.version !== version || JSON.stringify(state.data['parts']) !== JSON.stringify(own)) {
        throw new PointsmanError(
          'invalid_data',
          'The saved memory of a policy around others does not fit: they remember other things. Remove the snapshot.',
        );
      }
      const before = parts.map((part) => part.save());
      try {
        loadAll(parts.map((_, i) => partOf(state, i, own[i] ?? 0)));
      } catch (thrown) {
        loadAll(before);
        throw thrown;
      }
    },
  };
}

/** One memory, or several as one; undefined where there is none. */
export function memoryOf(parts: readonly (Learner | null)[]): Learner | undefined {
  const real = parts.filter((part) => part !== null);
  return real.length < 2 ? real[0] : jointMemory(real);
}

function partOf(state: State, index: number, partVersion: number): State {
  const data = state.data[`${index}`];
  const prefix = `${index}/`;
  const arrays = Object.entries(state.arrays).filter(([name]) => name.startsWith(prefix));
  return {
    version: partVersion,
    data: isMap(data) ? data : {},
    arrays: Object.fromEntries(arrays.map(([name, array]) => [name.slice(prefix.length), array])),
  };
}

const isMap = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
