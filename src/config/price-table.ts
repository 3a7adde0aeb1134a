import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Type } from 'typebox';
import type { Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Capability, Price } from '../core/candidate.ts';
import { PointsmanError } from '../core/errors.ts';
import { capabilities } from './schema-models.ts';

const rowSchema = Type.Object(
  {
    /** As the provider's API knows it. */
    id: Type.String({ minLength: 1 }),
    /** Where this price holds. */
    hosts: Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }),
    /** US dollars per million tokens. */
    price: Type.Object(
      {
        input: Type.Number({ minimum: 0 }),
        cached_input: Type.Optional(Type.Number({ minimum: 0 })),
        output: Type.Number({ minimum: 0 }),
      },
      { additionalProperties: false },
    ),
    context_tokens: Type.Optional(Type.Integer({ minimum: 1 })),
    max_output_tokens: Type.Optional(Type.Integer({ minimum: 1 })),
    capabilities: Type.Optional(Type.Array(Type.Enum([...capabilities]))),
    /** The page that says so. */
    source: Type.String({ minLength: 1 }),
    /** The day on which it said so. */
    date: Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' }),
    note: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);

const tableSchema = Type.Object(
  { about: Type.String(), models: Type.Array(rowSchema) },
  { additionalProperties: false },
);

export interface PriceRow {
  readonly id: string;
  readonly hosts: readonly string[];
  readonly price: Price;
  readonly contextTokens: number | null;
  readonly maxOutputTokens: number | null;
  readonly capabilities: readonly Capability[] | null;
  readonly source: string;
  /** ISO day. */
  readonly date: string;
}

/** What is publicly known of well-known models. */
export interface PriceTable {
  readonly rows: readonly PriceRow[];
  /**
   * The row of a model by its exact id, else by the id without its date (`gpt-4o-2024-08-06`, `claude-...-20250929`);
   * null where none is known. With `host` only rows whose price holds there.
   */
  find(id: string, host?: string): PriceRow | null;
}

const bundled = fileURLToPath(new URL('../../data/prices.json', import.meta.url));
const validator = Compile(tableSchema);
const dated = /[-@](\d{4}-\d{2}-\d{2}|\d{8})$/;

/** Throws `invalid_config` when the file is missing or not of its schema. */
export function readPriceTable(file: string = bundled): PriceTable {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new PointsmanError('invalid_config', `${file} cannot be read.`, { cause });
  }
  if (!validator.Check(value)) {
    const [error] = validator.Errors(value);
    throw new PointsmanError('invalid_config', `${file}${error?.instancePath ?? ''}: ${error?.message ?? 'is wrong'}.`);
  }
  return createPriceTable(value.models.map(readRow));
}

export function createPriceTable(rows: readonly PriceRow[]): PriceTable {
  const byId = new Map<string, PriceRow[]>();
  for (const row of rows) byId.set(row.id, [...(byId.get(row.id) ?? []), row]);
  return {
    rows,
    find(id, host) {
      const known = byId.get(id) ?? byId.get(id.replace(dated, '')) ?? [];
      return (host === undefined ? known[0] : known.find((row) => row.hosts.includes(host))) ?? null;
    },
  };
}

function readRow(row: Static<typeof rowSchema>): PriceRow {
  const { input, output, cached_input: cachedInput = input } = row.price;
  return {
    id: row.id,
    hosts: row.hosts,
    price: { input, cachedInput, output },
    contextTokens: row.context_tokens ?? null,
    maxOutputTokens: row.max_output_tokens ?? null,
    capabilities: row.capabilities ?? null,
    source: row.source,
    date: row.date,
  };
}
