/**
 * Writes `docs/pointsman.schema.json` and the reference inside `docs/configuration.md` from the configuration schema:
 * `npx tsx scripts/config-docs.ts`. A test holds both to it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TSchema } from 'typebox';
import { configSchema } from '../src/config/schema.ts';

const root = new URL('..', import.meta.url);
export const schemaFile = fileURLToPath(new URL('docs/pointsman.schema.json', root));
export const guideFile = fileURLToPath(new URL('docs/configuration.md', root));

const begin = '<!-- reference: written by scripts/config-docs.ts -->';
const end = '<!-- end of reference -->';

/** For editors: `# yaml-language-server: $schema=...` on the first line of a YAML. */
export function schemaText(): string {
  const schema = { $schema: 'https://json-schema.org/draft/2020-12/schema', ...configSchema };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** The guide with its reference as the schema says it. */
export function guideText(guide: string): string {
  const from = guide.indexOf(begin);
  const to = guide.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${guideFile} has lost its marks "${begin}" and "${end}".`);
  return `${guide.slice(0, from)}${begin}\n${referenceText()}${guide.slice(to)}`;
}

interface Shape {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Shape[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly patternProperties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly items?: Shape;
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
}

/** One key of the YAML, by its dotted path; `[]` is an item of a list, `<name>` a name of your own. */
export interface Entry {
  readonly path: string;
  readonly shape: Shape;
  readonly needed: boolean;
}

export function entries(): Entry[] {
  const found: Entry[] = [];
  const walk = (shape: Shape, path: string): void => {
    for (const branch of shape.anyOf ?? []) walk(branch, path);
    if (shape.items !== undefined) walk(shape.items, `${path}[]`);
    for (const [key, inner] of Object.entries(shape.properties ?? {})) {
      const place = path === '' ? key : `${path}.${key}`;
      found.push({ path: place, shape: inner, needed: shape.required?.includes(key) ?? false });
      walk(inner, place);
    }
    for (const [pattern, inner] of Object.entries(shape.patternProperties ?? {})) {
      if (inner.properties !== undefined) walk(inner, `${path}.<name>`);
      else if (pattern !== '^x-' && inner.type !== undefined) walk(inner, path);
    }
  };
  const schema: TSchema = configSchema;
  walk(schema, '');
  return found;
}

function referenceText(): string {
  const rows = entries().map(({ path, shape, needed }) => {
    const about = [shape.description ?? '', needed ? '**Needed.**' : '', defaultOf(shape)].filter(
      (part) => part !== '',
    );
    return `| \`${path}\` | ${typeOf(shape)} | ${about.join(' ').replaceAll('|', '\\|')} |`;
  });
  return ['', '| key | | |', '| --- | --- | --- |', ...rows, '', ''].join('\n');
}

function defaultOf(shape: Shape): string {
  return shape.default === undefined ? '' : `Default \`${JSON.stringify(shape.default).replaceAll('"', '')}\`.`;
}

function typeOf(shape: Shape): string {
  if (shape.anyOf !== undefined) return shape.anyOf.map(typeOf).join(' or ');
  if (shape.const !== undefined) return `\`${JSON.stringify(shape.const)}\``;
  if (shape.enum !== undefined) return shape.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (shape.type === 'array') return 'list';
  if (shape.type === 'object') return 'map';
  if (shape.type === 'string') return 'text';
  if (shape.type === 'boolean') return 'true, false';
  const name = shape.type === 'integer' ? 'whole number' : 'number';
  const low = shape.minimum === undefined ? '' : ` >= ${shape.minimum}`;
  const above = shape.exclusiveMinimum === undefined ? '' : ` > ${shape.exclusiveMinimum}`;
  const high = shape.maximum === undefined ? '' : ` <= ${shape.maximum}`;
  return `${name}${low}${above}${high}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(schemaFile, schemaText());
  writeFileSync(guideFile, guideText(readFileSync(guideFile, 'utf8')));
}
