import { closest, distance } from 'fastest-levenshtein';

/** `; did you mean "base_url"?` where something near is known, else what is known, else nothing. */
export function suggestion(wrong: string, known: readonly string[]): string {
  if (known.length === 0) return '';
  const near = closest(wrong.toLowerCase(), known);
  if (distance(wrong.toLowerCase(), near.toLowerCase()) <= Math.max(2, Math.floor(near.length / 2))) {
    return `; did you mean "${near}"?`;
  }
  const listed = known.slice(0, 12).map((name) => `"${name}"`);
  return `; known: ${listed.join(', ')}${known.length > listed.length ? ', ...' : ''}`;
}
