/** The note in a decision's `features` (JSON); undefined where there is none. */
export function toNote(features: string | null): readonly number[] | undefined {
  if (features === null) return undefined;
  const parsed: unknown = JSON.parse(features);
  const note: unknown = typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, 'note') : null;
  return Array.isArray(note) && note.every((item) => typeof item === 'number') ? note : undefined;
}
