import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { messageOf } from '../../core/errors.ts';
import { dataError } from './data-error.ts';
import type { DatasetUse } from './dataset.ts';

const metaSchema = Type.Object({
  name: Type.Optional(Type.String()),
  models: Type.Optional(Type.Array(Type.String(), { minItems: 1, uniqueItems: true })),
  files: Type.Optional(Type.Record(Type.String(), Type.Number())),
  sources: Type.Optional(Type.Array(Type.Object({ licence: Type.Optional(Type.String()) }))),
  licence: Type.Optional(Type.String()),
  use: Type.Optional(Type.Union([Type.Literal('bundle'), Type.Literal('research'), Type.Literal('evaluation-only')])),
});

/** What a folder's `meta.json` says of its data set; further keys are left alone. */
export interface DatasetMeta {
  readonly name: string;
  /** Null: every column without `|` that is not a known one is a model. */
  readonly models: readonly string[] | null;
  /** Rows per file; empty where it does not say. */
  readonly files: Readonly<Record<string, number>>;
  readonly licence: string | null;
  readonly use: DatasetUse;
}

/** What `import` writes beside `x.csv.gz`: `x.meta.json`, with what the rules of the source are. */
export const metaBeside = (stem: string): string => `${stem}.meta.json`;

/**
 * Null where the folder has no such file. Throws `invalid_data` where it cannot be understood.
 *
 * @param file `meta.json`, of the whole folder, or `metaBeside` one of its files.
 */
export function readMeta(folder: string, file = 'meta.json'): DatasetMeta | null {
  const path = join(folder, file);
  const name = `${basename(folder)}/${file}`;
  if (!existsSync(path)) return null;
  let meta: unknown;
  try {
    meta = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw dataError(name, null, null, `it cannot be read: ${messageOf(cause)}`);
  }
  if (!Value.Check(metaSchema, meta)) {
    const [error] = Value.Errors(metaSchema, meta);
    const key = error?.instancePath.slice(1) ?? '';
    throw dataError(name, null, null, `"${key}" ${error?.message ?? 'is not what it should be'}`);
  }
  return fromParsed(meta, basename(folder));
}

function fromParsed(meta: Static<typeof metaSchema>, folder: string): DatasetMeta {
  const licences = (meta.sources ?? []).flatMap((source) => (source.licence === undefined ? [] : [source.licence]));
  return {
    name: meta.name ?? folder,
    models: meta.models ?? null,
    files: meta.files ?? {},
    licence: meta.licence ?? (licences.length === 0 ? null : [...new Set(licences)].join('; ')),
    use: meta.use ?? 'unstated',
  };
}
