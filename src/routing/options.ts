import { closest } from 'fastest-levenshtein';
import type { Static, TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { PointsmanError } from '../core/errors.ts';

const compiled = new WeakMap<object, Validator>();

/** One compilation per schema and process. Throws whatever typebox throws on a schema that is none. */
export function validatorOf(schema: TSchema): Validator {
  let validator = compiled.get(schema);
  if (validator === undefined) {
    validator = Compile(schema);
    compiled.set(schema, validator);
  }
  return validator;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The named options of an object schema, with what is known of each; empty for other schemas. */
export function propertiesOf(schema: TSchema): Readonly<Record<string, Record<string, unknown>>> {
  const properties: unknown = Reflect.get(schema, 'properties');
  if (!isRecord(properties)) return {};
  return Object.fromEntries(
    Object.entries(properties).filter((entry): entry is [string, Record<string, unknown>] => isRecord(entry[1])),
  );
}

/**
 * Options as a policy or estimator wants them: defaults filled in, nothing unknown, everything of its type. `options`
 * is not changed; undefined and null count as none given. Throws `invalid_config` naming `path` (`routes.auto.policy`),
 * the option and what was expected.
 *
 * @param owner whose options they are, for people: `policy cost-aware`.
 */
export function checkOptions<Schema extends TSchema>(
  owner: string,
  schema: Schema,
  options: unknown,
  path: string,
): Static<Schema> {
  const fail = (param: string, message: string): PointsmanError =>
    new PointsmanError('invalid_config', `${param}: ${message}`, { param });
  const given = options ?? {};
  if (!isRecord(given)) throw fail(path, `the options of ${owner} are a map, not ${describe(given)}.`);
  const properties = propertiesOf(schema);
  const known = Object.keys(properties);
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    const mend =
      known.length === 0 ? 'it has none' : `did you mean "${closest(key, known)}"? It has ${known.join(', ')}`;
    throw fail(`${path}.${key}`, `${owner} has no option "${key}"; ${mend}.`);
  }
  const filled: Record<string, unknown> = structuredClone(given);
  for (const [key, property] of Object.entries(properties)) {
    if (filled[key] === undefined && property['default'] !== undefined)
      filled[key] = structuredClone(property['default']);
    if (filled[key] === undefined) delete filled[key];
  }
  const validator = validatorOf(schema);
  const fits = (value: unknown): value is Static<Schema> => validator.Check(value);
  const value: unknown = validator.Default(filled);
  if (fits(value)) return value;
  const [error] = validator.Errors(value);
  if (error === undefined) throw fail(path, `the options of ${owner} do not fit their schema.`);
  const missing: unknown = Reflect.get(error.params, 'requiredProperties');
  if (error.keyword === 'required' && Array.isArray(missing)) {
    const name = String(missing[0]);
    const about: unknown = properties[name]?.['description'];
    throw fail(`${path}.${name}`, `${owner} needs it${typeof about === 'string' ? `: ${about}` : '.'}`);
  }
  const place = error.instancePath
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  let found: unknown = value;
  for (const step of place) found = isRecord(found) ? found[step] : undefined;
  throw fail([path, ...place].join('.'), `${error.message}, got ${describe(found)}.`);
}

/** Short, and never a long value: what people see of a wrong one. */
function describe(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return value.length > 60 ? 'a long string' : JSON.stringify(value);
  if (typeof value === 'object' && value !== null) return 'a map';
  return String(value);
}
