/** Writes docs/policies.md from the catalogue; with --check it only says whether the file is current (exit code 1 if not). */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TSchema } from 'typebox';
import { loadCatalogue, type Catalogue } from '../src/routing/catalogue.ts';
import { propertiesOf } from '../src/routing/options.ts';

export const referenceFile = fileURLToPath(new URL('../docs/policies.md', import.meta.url));

/** The reference of everything in the catalogue, as Markdown. */
export function renderReference({ policies, estimators }: Catalogue): string {
  const entries = <Definition>(map: ReadonlyMap<string, Definition>): readonly (readonly [string, Definition])[] =>
    [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    '# Policies and estimators',
    '',
    '<!-- Generated from src/policies and src/estimators by `npx tsx scripts/docs-policies.ts`. Do not edit. -->',
    '',
    'A policy knows our goals and decides; an estimator knows the world and predicts. A route of the YAML names one policy',
    'and, for each quantity that the policy reads, an estimator. [Add a policy in ten minutes](add-a-policy.md).',
    '',
    '## Policies',
    '',
    '| policy | reads | in short |',
    '|---|---|---|',
    ...entries(policies).map(([name, { uses, summary }]) =>
      row(`[${name}](#${name})`, uses.join(', ') || 'nothing', summary),
    ),
    '',
    ...entries(policies).flatMap(([name, { summary, source, uses, options }]) => [
      ...section(name, summary, source),
      uses.length === 0 ? 'Reads no predictions.' : `Reads ${uses.join(' and ')}.`,
      '',
      ...optionTable(options),
    ]),
    '## Estimators',
    '',
    '| estimator | estimates | embedding | in short |',
    '|---|---|---|---|',
    ...entries(estimators).map(([name, { quantities, needsEmbedding, summary }]) =>
      row(`[${name}](#${name})`, quantities.join(', '), needsEmbedding ? 'reads it' : 'not needed', summary),
    ),
    '',
    ...entries(estimators).flatMap(([name, { summary, source, options }]) => [
      ...section(name, summary, source),
      ...optionTable(options),
    ]),
  ].join('\n');
}

const section = (name: string, summary: string, source: string): string[] => [
  `### ${name}`,
  '',
  summary,
  '',
  `**Source.** ${source}`,
  '',
];

function optionTable(schema: TSchema): string[] {
  const properties = Object.entries(propertiesOf(schema));
  if (properties.length === 0) return ['No options.', ''];
  const required: unknown = Reflect.get(schema, 'required');
  const rows = properties.map(([name, property]) => {
    const { default: preset, description } = property;
    const needed = Array.isArray(required) && required.includes(name);
    const initial = preset === undefined ? (needed ? 'required' : 'none') : `\`${JSON.stringify(preset)}\``;
    return row(`\`${name}\``, typeText(property), initial, typeof description === 'string' ? description : '');
  });
  return ['| option | type | default | meaning |', '|---|---|---|---|', ...rows, ''];
}

const row = (...cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** `number, >= 0`, `one of "a", "b"`, `map of number`. */
function typeText(schema: unknown): string {
  if (!isRecord(schema)) return 'anything';
  const { type, anyOf, patternProperties, items, minimum, maximum, exclusiveMinimum } = schema;
  if ('const' in schema) return JSON.stringify(schema['const']);
  if (Array.isArray(anyOf)) return `one of ${anyOf.map(typeText).join(', ')}`;
  if (isRecord(patternProperties)) return `map of ${typeText(Object.values(patternProperties)[0])}`;
  if (type === 'array') return `list of ${typeText(items)}`;
  const bounds = [
    ...(typeof exclusiveMinimum === 'number' ? [`> ${exclusiveMinimum}`] : []),
    ...(typeof minimum === 'number' ? [`>= ${minimum}`] : []),
    ...(typeof maximum === 'number' ? [`<= ${maximum}`] : []),
  ];
  return [typeof type === 'string' ? type : 'anything', ...bounds].join(', ');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = renderReference(await loadCatalogue());
  if (!process.argv.includes('--check')) writeFileSync(referenceFile, text);
  else if (readFileSync(referenceFile, 'utf8') !== text) {
    process.stderr.write('docs/policies.md is out of date; run: npx tsx scripts/docs-policies.ts\n');
    process.exitCode = 1;
  }
}
