import type { Path, Problem } from './problems.ts';
import { formatPath } from './problems.ts';

/** The part of `process.env` that is needed. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface Substituted {
  readonly value: unknown;
  /** Formatted paths of values that came, whole or in part, from the environment. */
  readonly fromEnvironment: ReadonlySet<string>;
  readonly problems: readonly Problem[];
}

/** `$${` is a literal `${`; `${NAME}`; `${NAME:-default}`. */
const placeholder = /\$\$\{|\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}|\$\{([^}]*)\}?/g;

/**
 * Replaces `${NAME}` and `${NAME:-default}` in string values, never in keys. An unset variable without a default is a
 * problem; an empty one counts as unset, as in a shell's `:-`.
 */
export function substitute(root: unknown, environment: Environment): Substituted {
  const problems: Problem[] = [];
  const fromEnvironment = new Set<string>();

  const inText = (text: string, path: Path): string =>
    text.replace(placeholder, (whole: string, name?: string, fallback?: string, broken?: string) => {
      if (whole === '$${') return '${';
      if (name === undefined) {
        problems.push({ path, message: `"\${${broken ?? ''}}" is no variable; write \${NAME} or \${NAME:-default}` });
        return '';
      }
      fromEnvironment.add(formatPath(path));
      const found = environment[name];
      if (found !== undefined && found !== '') return found;
      if (fallback !== undefined) return fallback;
      problems.push({
        path,
        message: `the environment variable ${name} is not set; set it, or write \${${name}:-default}`,
      });
      return '';
    });

  const walk = (value: unknown, path: Path): unknown => {
    if (typeof value === 'string') return value.includes('${') ? inText(value, path) : value;
    if (Array.isArray(value)) return value.map((item: unknown, index) => walk(item, [...path, index]));
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, [...path, key])]));
    }
    return value;
  };

  return { value: walk(root, []), fromEnvironment, problems };
}
