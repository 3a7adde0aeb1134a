import { closest, distance } from 'fastest-levenshtein';

/** Ends a sentence: `; did you mean "lambda"?` where a known name is near enough to be a slip of the keyboard, else `.`. */
export function didYouMean(name: string, known: readonly string[]): string {
  // Longer names are no slip, and the distance costs their product.
  if (known.length === 0 || name.length > 64) return '.';
  const near = closest(name, known);
  return distance(name, near) <= Math.max(2, Math.floor(near.length / 3)) ? `; did you mean "${near}"?` : '.';
}
