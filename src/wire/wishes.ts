import { PointsmanError } from '../core/errors.ts';
import type { Wishes } from '../core/query.ts';
import { describe } from './messages.ts';
import { didYouMean } from './nearest.ts';
import { isRecord } from './record.ts';

/** Lower-case names, as Node gives them. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

const prefix = 'x-pointsman-';
const names = ['models', 'lambda', 'max_cost_usd', 'local_only', 'region', 'session', 'tags'] as const;
type Name = (typeof names)[number];

const longestSession = 256;
const mostModels = 256;
const mostTags = 16;
const longestTagName = 64;
const longestTagValue = 256;

const noWishes: Wishes = Object.freeze({});

/**
 * The `pointsman` object of a body beats the `x-pointsman-*` headers, member by member; null is the same as absent.
 * Throws `invalid_wish` for an unknown member or header (with the nearest known one) and for a value of a wrong kind.
 */
export function readWishes(object: unknown, headers: RequestHeaders): Wishes {
  let given: Given | null = null;
  for (const header in headers) {
    if (header.startsWith(prefix)) given = withHeader(given ?? new Map(), header, headers[header]);
  }
  if (object !== undefined && object !== null) given = withObject(given ?? new Map(), object);
  return given === null ? noWishes : check(given);
}

/** Values as JSON would have them, each with the place to name when it is wrong. */
type Given = Map<Name, { readonly value: unknown; readonly place: string }>;

function withHeader(given: Given, header: string, value: string | readonly string[] | undefined): Given {
  const written = header.slice(prefix.length);
  const name = names.find((known) => known.replaceAll('_', '-') === written);
  if (name === undefined) {
    const known = names.map((name) => prefix + name.replaceAll('_', '-'));
    throw new PointsmanError('invalid_wish', `There is no header ${header}${didYouMean(header, known)}`, {
      param: header,
    });
  }
  if (value === undefined) return given;
  const text = typeof value === 'string' ? value : value.join(',');
  return given.set(name, { value: fromText(name, text.trim()), place: header });
}

/** A header's text as the JSON value it stands for; text that stands for none is left to fail its check. */
function fromText(name: Name, text: string): unknown {
  switch (name) {
    case 'models':
      return list(text);
    case 'lambda':
    case 'max_cost_usd':
      return text === '' ? text : Number(text);
    case 'local_only':
      return text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : text;
    case 'tags':
      return Object.fromEntries(
        list(text).map((pair) => {
          const equals = pair.indexOf('=');
          return equals === -1 ? [pair, null] : [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()];
        }),
      );
    case 'region':
    case 'session':
      return text;
    default:
      return name satisfies never;
  }
}

const list = (text: string): string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

function withObject(given: Given, object: unknown): Given {
  if (!isRecord(object)) throw wrongWish('pointsman', 'an object', object);
  for (const [member, value] of Object.entries(object)) {
    const name = names.find((known) => known === member);
    if (name === undefined) {
      const shown = member.length > 64 ? `${member.slice(0, 64)}...` : member;
      throw new PointsmanError(
        'invalid_wish',
        `The pointsman object has no member "${shown}"${didYouMean(member, names)} It takes ${names.join(', ')}.`,
        { param: `pointsman.${shown}` },
      );
    }
    if (value !== null) given.set(name, { value, place: `pointsman.${name}` });
  }
  return given;
}

function check(given: Given): Wishes {
  return {
    models: read(given, 'models', `an array of 1 to ${mostModels} model ids`, areModels),
    lambda: read(given, 'lambda', 'a number of at least 0 (quality per dollar)', isAmount),
    maxCostUsd: read(given, 'max_cost_usd', 'a number of at least 0 (US dollars)', isAmount),
    localOnly: read(given, 'local_only', 'true or false', (value) => typeof value === 'boolean'),
    region: read(given, 'region', 'a non-empty string', (value) => isText(value, 1, 64)),
    session: read(given, 'session', `a string of 1 to ${longestSession} characters`, (value) =>
      isText(value, 1, longestSession),
    ),
    tags: read(
      given,
      'tags',
      `an object of at most ${mostTags} strings (names up to ${longestTagName}, values up to ${longestTagValue} characters)`,
      areTags,
    ),
  };
}

function read<Value>(
  given: Given,
  name: Name,
  expected: string,
  is: (value: unknown) => value is Value,
): Value | undefined {
  const entry = given.get(name);
  if (entry === undefined) return undefined;
  if (is(entry.value)) return entry.value;
  throw wrongWish(entry.place, expected, entry.value);
}

const wrongWish = (place: string, expected: string, value: unknown): PointsmanError =>
  new PointsmanError('invalid_wish', `${place} must be ${expected}, not ${describe(value)}.`, { param: place });

const isAmount = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0;

const isText = (value: unknown, shortest: number, longest: number): value is string =>
  typeof value === 'string' && value.length >= shortest && value.length <= longest;

const areModels = (value: unknown): value is readonly string[] =>
  Array.isArray(value) &&
  value.length >= 1 &&
  value.length <= mostModels &&
  value.every((model) => typeof model === 'string' && model !== '');

function areTags(value: unknown): value is Readonly<Record<string, string>> {
  if (!isRecord(value)) return false;
  const entries = Object.entries(value);
  return (
    entries.length <= mostTags &&
    entries.every(([name, text]) => isText(name, 1, longestTagName) && isText(text, 0, longestTagValue))
  );
}
