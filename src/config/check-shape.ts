import type { TSchema } from 'typebox';
import { suggestion } from './nearest.ts';
import type { Path, Problem } from './problems.ts';
import { formatPath } from './problems.ts';

/** The members of a JSON Schema that the configuration schema uses. */
interface Shape {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Shape[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly patternProperties?: Readonly<Record<string, Shape>>;
  readonly additionalProperties?: boolean;
  readonly required?: readonly string[];
  readonly items?: Shape;
  readonly minItems?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
}

export interface ShapeCheck {
  /** The value, with numbers and booleans read out of values that came from the environment. */
  readonly value: unknown;
  readonly problems: readonly Problem[];
}

/**
 * Lists everything that keeps a value from its schema, where typebox stops at the first fault of an object. It only
 * finds the words: whether a value is accepted is typebox's verdict (`read-config.ts`), and a test holds the two together.
 *
 * @param fromEnvironment formatted paths of values that are text only because the environment has nothing else.
 */
export function checkShape(schema: TSchema, value: unknown, fromEnvironment: ReadonlySet<string>): ShapeCheck {
  const problems: Problem[] = [];
  return { value: check(schema, value, [], { problems, fromEnvironment }), problems };
}

interface Walk {
  readonly problems: Problem[];
  readonly fromEnvironment: ReadonlySet<string>;
}

function check(shape: Shape, value: unknown, path: Path, walk: Walk): unknown {
  const fail = (message: string): unknown => {
    walk.problems.push({ path, message });
    return value;
  };
  if (shape.anyOf !== undefined) return checkUnion(shape.anyOf, value, path, walk);
  if (shape.const !== undefined) {
    return value === shape.const ? value : fail(`expected ${JSON.stringify(shape.const)}, found ${describe(value)}`);
  }
  if (shape.enum !== undefined) {
    if (shape.enum.includes(value)) return value;
    const values = shape.enum.map(String);
    return fail(
      typeof value === 'string'
        ? `${describe(value)} is not one of its values${suggestion(value, values)}`
        : `expected ${values.join(', ')}, found ${describe(value)}`,
    );
  }
  switch (shape.type) {
    case 'object':
      return isRecord(value) ? checkObject(shape, value, path, walk) : fail(`expected a map, found ${describe(value)}`);
    case 'array':
      return Array.isArray(value)
        ? checkArray(shape, value, path, walk)
        : fail(`expected a list, found ${describe(value)}`);
    case 'string':
      if (typeof value !== 'string') return fail(`expected text, found ${describe(value)}${quoteIt(value)}`);
      if (value.length < (shape.minLength ?? 0)) return fail('is empty');
      if (shape.pattern !== undefined && !new RegExp(shape.pattern).test(value)) {
        return fail(`${describe(value)} does not match ${shape.pattern}`);
      }
      return value;
    case 'number':
    case 'integer': {
      const read = fromText(value, path, walk);
      const integer = shape.type === 'integer';
      if (typeof read !== 'number' || !inRange(shape, read) || (integer && !Number.isInteger(read))) {
        return fail(`expected ${integer ? 'a whole number' : 'a number'}${range(shape)}, found ${describe(value)}`);
      }
      return read;
    }
    case 'boolean': {
      const read = fromText(value, path, walk);
      return typeof read === 'boolean' ? read : fail(`expected true or false, found ${describe(value)}`);
    }
    case undefined:
    default:
      return value;
  }
}

function checkObject(shape: Shape, value: Readonly<Record<string, unknown>>, path: Path, walk: Walk): unknown {
  const properties = shape.properties ?? {};
  const patterns = Object.entries(shape.patternProperties ?? {}).map(([p, inner]) => [new RegExp(p), inner] as const);
  for (const key of shape.required ?? []) {
    if (!Object.hasOwn(value, key))
      walk.problems.push({ path, message: `"${key}" is missing${need(properties[key])}` });
  }
  const entries = Object.entries(value).map(([key, item]): [string, unknown] => {
    const inner = [...path, key];
    const known = Object.hasOwn(properties, key) ? properties[key] : undefined;
    const described = known ?? patterns.find(([pattern]) => pattern.test(key))?.[1];
    if (described !== undefined) return [key, check(described, item, inner, walk)];
    if (shape.additionalProperties === false) {
      const names = Object.keys(properties);
      const message =
        names.length > 0
          ? `unknown key${suggestion(key, names)}`
          : `a name here is letters, digits, ".", "_" and "-", and begins with a letter or digit`;
      walk.problems.push({ path: inner, message, atKey: true });
    }
    return [key, item];
  });
  return Object.fromEntries(entries);
}

function checkArray(shape: Shape, value: readonly unknown[], path: Path, walk: Walk): unknown {
  if (value.length < (shape.minItems ?? 0)) walk.problems.push({ path, message: 'is empty' });
  const items = shape.items;
  return items === undefined ? value : value.map((item, index) => check(items, item, [...path, index], walk));
}

/** The branch that fits; else the problems of the one branch that is of the value's kind; else what would have fitted. */
function checkUnion(branches: readonly Shape[], value: unknown, path: Path, walk: Walk): unknown {
  const tries = branches.map((branch) => {
    const problems: Problem[] = [];
    return { branch, read: check(branch, value, path, { ...walk, problems }), problems };
  });
  const fitting = tries.find(({ problems }) => problems.length === 0);
  if (fitting !== undefined) return fitting.read;
  const ofItsKind = tries.filter(({ branch }) => branch.const === undefined && branch.type === kindOf(value));
  if (ofItsKind.length === 1) {
    walk.problems.push(...(ofItsKind[0]?.problems ?? []));
    return value;
  }
  const message = `expected ${branches.map(expectation).join(' or ')}, found ${describe(value)}`;
  walk.problems.push({ path, message });
  return value;
}

function expectation(shape: Shape): string {
  if (shape.const !== undefined) return JSON.stringify(shape.const);
  const names: Readonly<Record<string, string>> = { object: 'a map', array: 'a list', string: 'text' };
  return names[shape.type ?? ''] ?? 'a value';
}

function need(shape: Shape | undefined): string {
  const description: unknown = shape === undefined ? undefined : Reflect.get(shape, 'description');
  return typeof description === 'string' ? ` (${description.replace(/\.$/, '')})` : '';
}

function inRange(shape: Shape, value: number): boolean {
  return (
    Number.isFinite(value) &&
    value >= (shape.minimum ?? -Infinity) &&
    value > (shape.exclusiveMinimum ?? -Infinity) &&
    value <= (shape.maximum ?? Infinity)
  );
}

function range(shape: Shape): string {
  const parts = [];
  if (shape.minimum !== undefined) parts.push(`>= ${shape.minimum}`);
  if (shape.exclusiveMinimum !== undefined) parts.push(`> ${shape.exclusiveMinimum}`);
  if (shape.maximum !== undefined) parts.push(`<= ${shape.maximum}`);
  return parts.length === 0 ? '' : ` ${parts.join(' and ')}`;
}

const plainNumber = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;

/** `${PORT}` is text in the YAML although a number is meant. */
function fromText(value: unknown, path: Path, walk: Walk): unknown {
  if (typeof value !== 'string' || !walk.fromEnvironment.has(formatPath(path))) return value;
  if (plainNumber.test(value)) return Number(value);
  if (value === 'true' || value === 'false') return value === 'true';
  return value;
}

function quoteIt(value: unknown): string {
  return typeof value === 'number' || typeof value === 'boolean' ? '; put it in quotes' : '';
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return value === null ? 'null' : typeof value;
}

/** Short, and never a long value, which may be a secret. */
function describe(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isRecord(value)) return 'a map';
  if (value === null || value === undefined) return 'nothing';
  if (typeof value === 'string') return value.length > 40 ? 'a long text' : JSON.stringify(value);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : `a ${typeof value}`;
}
