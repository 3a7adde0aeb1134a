import type { Interval } from '../metrics/bootstrap.ts';
import type { FigureCell, FigureUnit } from './figure-list.ts';

/** Figures as pages and tables show them. */
export const fourDecimals = (value: number | null): string => (value === null ? '–' : value.toFixed(4));
export const signed = (value: number): string => `${value >= 0 ? '+' : '−'}${Math.abs(value).toFixed(4)}`;
export const percent = (share: number | null): string => (share === null ? '–' : `${(share * 100).toFixed(1)} %`);
/** Empty where there is no interval. */
export const rangeOf = ({ low, high }: Interval): string =>
  Number.isNaN(low) ? '' : `${fourDecimals(low)} to ${fourDecimals(high)}`;
/** The same with signs. */
export const signedRangeOf = ({ low, high }: Interval): string =>
  Number.isNaN(low) ? '' : `${signed(low)} to ${signed(high)}`;
/** How intervals were made, for the head of a report. */
export const resamplingText = (resamples: number): string =>
  resamples === 0 ? 'none, by --resamples 0' : `95 %, paired bootstrap by query, ${resamples} resamples`;

/** A cost per query in the unit of the replay, three significant digits. */
export function costText(costUsd: number | null, unit: string): string {
  if (costUsd === null) return '–';
  const digits = costUsd === 0 ? '0' : plain(costUsd);
  return unit === 'usd' ? `$${digits}` : `${digits} ${unit}`;
}

/** Without an exponent down to a millionth. */
function plain(value: number): string {
  const size = Math.abs(value);
  if (size < 1e-7 || size >= 1e7) return value.toExponential(2);
  return value.toFixed(Math.max(0, Math.min(9, 2 - Math.floor(Math.log10(size)))));
}

/** A figure as its unit is read; what was never reached says so. */
export function figureValue(value: number | null, unit: FigureUnit, costUnit: string): string {
  if (value === null) return 'not reached';
  switch (unit) {
    case 'number':
      return fourDecimals(value);
    case 'difference':
      return signed(value);
    case 'share':
      return percent(value);
    case 'change':
      return `${value >= 0 ? '+' : '−'}${percent(Math.abs(value))}`;
    case 'cost':
      return costText(value, costUnit);
    default:
      return unit satisfies never;
  }
}

/** With its interval, in one line. */
export function figureText(cell: FigureCell | null, unit: FigureUnit, costUnit: string): string {
  if (cell === null) return '–';
  const value = figureValue(cell.value, unit, costUnit);
  const range = figureRange(cell, unit, costUnit);
  return range === '' ? value : `${value} (${range})`;
}

/** Empty where there is no interval. */
export function figureRange({ interval }: FigureCell, unit: FigureUnit, costUnit: string): string {
  if (interval === undefined) return '';
  const [low, high] = [interval.low, interval.high].map((end) => figureValue(end, unit, costUnit));
  return interval.low === null && interval.high === null ? '' : `${low} to ${high}`;
}

/** Lambda and other settings: at most three significant digits. */
export const settingText = (value: number): string => String(Number(value.toPrecision(3)));

/** A cost on an axis: as short as it is exact. */
export function costTick(costUsd: number, unit: string): string {
  const size = Math.abs(costUsd);
  const text =
    size !== 0 && (size < 1e-6 || size >= 1e6) ? costUsd.toExponential() : String(Number(costUsd.toFixed(9)));
  return unit === 'usd' ? `$${text}` : text;
}
