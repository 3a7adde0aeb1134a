/** From values to places on a drawing. */
export interface Scale {
  place(value: number): number;
  /** A few round values inside the domain. */
  readonly ticks: readonly number[];
}

/** Relative: an end that was computed, like 10 ** -3, still gets its tick. */
const rounding = 1e-9;

/** `from` and `to` are places; `low` < `high` are values. */
export function linearScale(low: number, high: number, from: number, to: number, ticks = 6): Scale {
  const width = high - low || 1;
  return { place: (value) => from + ((value - low) / width) * (to - from), ticks: roundTicks(low, high, ticks) };
}

/** Values at or below 0 have no place on it and stand at its left end. */
export function logScale(low: number, high: number, from: number, to: number): Scale {
  const [start, end] = [Math.log10(low), Math.log10(high)];
  const width = end - start || 1;
  const place = (value: number): number => from + ((Math.log10(Math.max(value, low)) - start) / width) * (to - from);
  const steps = width > 2.5 ? [1] : width > 1 ? [1, 3] : [1, 2, 5];
  const ticks: number[] = [];
  for (let power = Math.floor(start); power <= Math.ceil(end); power++) {
    for (const step of steps) {
      const value = Number(`${step}e${power}`);
      if (value >= low * (1 - rounding) && value <= high * (1 + rounding)) ticks.push(value);
    }
  }
  return { place, ticks };
}

/** Multiples of 1, 2 or 5 times a power of ten. */
function roundTicks(low: number, high: number, wanted: number): readonly number[] {
  const raw = (high - low) / wanted;
  if (!(raw > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((each) => each * power >= raw) ?? 10) * power;
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++)
    ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}
