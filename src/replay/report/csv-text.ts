export type CsvCell = string | number;

/** Lines of cells, ended by a line break. */
export const csvText = (rows: readonly (readonly CsvCell[])[]): string =>
  `${rows.map((row) => row.map(written).join(',')).join('\n')}\n`;

/** RFC 4180; a text that a spreadsheet would take for a formula gets a quote before it. */
function written(value: CsvCell): string {
  if (typeof value === 'number') return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
