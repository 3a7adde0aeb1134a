import { join } from 'node:path';

/** Where the report is and how to make it again, for the terminal; empty where none was asked for. */
export const reportLine = (out: string | undefined): string =>
  out === undefined ? '' : `\nReport: ${join(out, 'report.html')}; pointsman reproduce ${out} makes it again.\n`;
