import { readFileSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { suggestion } from './nearest.ts';
import type { Path } from './problems.ts';
import type { Report } from './report.ts';
import type { ConfigFile } from './schema.ts';

type SpacesFile = NonNullable<NonNullable<ConfigFile['routes']>[string]['spaces']>;

/** How a route over several vector spaces chooses one. */
export interface SpacesConfig {
  /** Example texts: by space, a list for each domain; none is empty. */
  readonly examples: Readonly<Record<string, readonly (readonly string[])[]>>;
}

/** More is not a list of examples, and would be embedded at each start. */
const mostExamples = 10_000;

/**
 * @param written `routes.NAME.spaces`; left out: the route may not list models of several spaces.
 * @param models of the route. @param listed they were written out; over all models a request may narrow them.
 * @param spaces of models that embed.
 */
export function normaliseSpaces(
  written: SpacesFile | undefined,
  route: { readonly models: readonly string[]; readonly listed: boolean; readonly path: Path },
  spaces: ReadonlyMap<string, string>,
  directory: string,
  report: Report,
): { readonly spaces?: SpacesConfig } {
  const { models, listed, path } = route;
  const known = [...new Set(models.flatMap((id) => spaces.get(id) ?? []))];
  if (written === undefined) {
    if (listed && known.length > 1) severalSpaces(models, spaces, path, report);
    return {};
  }
  const place = [...path, 'spaces'];
  if (known.length < 2) {
    report.problem(
      place,
      `chooses between vector spaces, and the route's models are of ${known.length}; leave it out`,
      true,
    );
    return {};
  }
  for (const space of Object.keys(written.examples)) {
    if (known.includes(space)) continue;
    report.problem(
      [...place, 'examples', space],
      `no model of the route embeds into it${suggestion(space, known)}`,
      true,
    );
  }
  for (const space of known) {
    if (Object.keys(written.examples[space] ?? {}).length > 0) continue;
    report.problem(
      [...place, 'examples'],
      `has no texts for the space "${space}"; without any it is never chosen`,
      true,
    );
  }
  const examples = Object.entries(written.examples).map(
    ([space, domains]) =>
      [
        space,
        Object.entries(domains).map(([domain, texts]) =>
          textsOf(texts, [...place, 'examples', space, domain], directory, report),
        ),
      ] as const,
  );
  return { spaces: { examples: Object.fromEntries(examples) } };
}

/** Those that are written, or the lines of a file. */
function textsOf(texts: string | readonly string[], path: Path, directory: string, report: Report): readonly string[] {
  let found = typeof texts === 'string' ? [] : texts;
  if (typeof texts === 'string') {
    const file = isAbsolute(texts) ? texts : resolve(directory, texts);
    try {
      found = readFileSync(file, 'utf8').split(/\r?\n/);
    } catch (cause) {
      report.problem(path, `cannot be read: ${messageOf(cause)}`);
      return [];
    }
  }
  const kept = found.filter((line) => line.trim() !== '');
  if (kept.length === 0) report.problem(path, 'holds no text');
  if (kept.length > mostExamples) report.problem(path, `holds ${kept.length} texts; ${mostExamples} are enough`);
  return kept;
}

/** Vectors of two spaces cannot be compared, and nothing says which to choose. */
function severalSpaces(
  models: readonly string[],
  spaces: ReadonlyMap<string, string>,
  path: Path,
  report: Report,
): void {
  const [first, ...others] = models.filter((id) => spaces.has(id));
  const other = others.find((id) => spaces.get(id) !== spaces.get(first ?? ''));
  if (first === undefined || other === undefined) return;
  report.problem(
    [...path, 'models'],
    `"${first}" and "${other}" embed into different spaces (${spaces.get(first)}, ${spaces.get(other)}), whose vectors cannot be compared; make a route for each space, or write "spaces" and examples of what each is for`,
  );
}
