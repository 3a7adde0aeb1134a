/** Text that is known to be safe in a page: made by `html`, or by us. */
export interface Html {
  readonly markup: string;
}

type Value = Html | string | number | null | readonly Html[];

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Safe between tags and inside quoted attributes. Control characters, which no page may hold, become spaces. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => escapes[character] ?? '').replaceAll(/[^\P{Cc}\t\n\r]/gu, ' ');
}

/** Every value is escaped but what is `Html` already; null is nothing. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  const written = writtenOf(parts);
  let markup = written[0] ?? '';
  values.forEach((value, i) => (markup += render(value) + (written[i + 1] ?? '')));
  return { markup };
}

const known = new WeakMap<TemplateStringsArray, readonly string[]>();

/** What stands in the source, without its indentation. */
function writtenOf(parts: TemplateStringsArray): readonly string[] {
  const before = known.get(parts);
  if (before !== undefined) return before;
  const written = parts.map((part) => part.replaceAll(/\n\s+/g, '\n'));
  known.set(parts, written);
  return written;
}

function render(value: Value): string {
  if (value === null) return '';
  if (typeof value === 'string') return escapeHtml(value);
  if (typeof value === 'number') return String(value);
  if ('markup' in value) return value.markup;
  return value.map(({ markup }) => markup).join('');
}

/** JSON for a `<script type="application/json">`: nothing in it can end the element or start a comment. */
export function jsonForPage(value: unknown): Html {
  const text = JSON.stringify(value);
  return { markup: text.replaceAll('<', '\\u003c').replaceAll('>', '\\u003e').replaceAll('&', '\\u0026') };
}
