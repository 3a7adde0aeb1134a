import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

/** The floors of the house: imports run downwards only, and rooms of one floor do not know each other. */
const rooms: readonly (readonly string[])[] = [
  ['core', 'math'],
  ['network'],
  [
    'config',
    'wire',
    'embedding',
    'routing',
    'policies',
    'estimators',
    'verifiers',
    'upstream',
    'backends',
    'outcomes',
    'limits',
    'sessions',
    'queue',
    'artefacts',
    'telemetry',
    'quiz',
  ],
  ['learning', 'replay', 'rewards', 'judge'],
  ['http'],
  ['app'],
  ['main'],
  ['cli'],
];
const floors = new Map(rooms.flatMap((names, floor) => names.map((name) => [name, floor + 1] as const)));

/** Where a package may be imported; one that is not listed may be imported by one room only. */
const shared: Readonly<Record<string, readonly string[]>> = {
  typebox: [...floors.keys()],
  'fastest-levenshtein': ['config', 'routing', 'wire'],
  fastify: ['http', 'app'],
  undici: ['network', 'backends'],
};

/** Wrapped so that one file would have to change if the package did. */
const oneFile = ['better-sqlite3', 'prom-client', 'yaml', 'bullmq', 'ioredis'];

interface Import {
  readonly file: string;
  readonly specifier: string;
  readonly typeOnly: boolean;
}

const root = fileURLToPath(new URL('../src/', import.meta.url));
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const pattern =
  /^\s*(?:import|export)\s(?<type>type\s)?(?:[^'";]*?\sfrom\s)?['"](?<specifier>[^'"]+)['"]|\bimport\(\s*['"](?<dynamic>[^'"]+)['"]/gm;

function importsOf(file: string, text: string): readonly Import[] {
  return [...text.matchAll(pattern)].map(({ groups }) => ({
    file,
    specifier: groups?.['specifier'] ?? groups?.['dynamic'] ?? '',
    typeOnly: groups?.['type'] !== undefined,
  }));
}

const imports = files.flatMap((file) => importsOf(file, readFileSync(join(root, file), 'utf8')));
const roomOf = (file: string): string => file.split(/[/\\]/)[0]?.replace(/\.ts$/, '') ?? '';
const isOurs = ({ specifier }: Import): boolean => specifier.startsWith('.');
const targetOf = ({ file, specifier }: Import): string => relative(root, join(root, dirname(file), specifier));
const packageOf = (specifier: string): string => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');

/** What is wrong with one import of ours; null where nothing is. */
function fault(each: Import): string | null {
  const from = roomOf(each.file);
  const to = roomOf(targetOf(each));
  const [high, low] = [floors.get(from), floors.get(to)];
  if (high === undefined || low === undefined)
    return `${each.file}: room ${high === undefined ? from : to} has no floor`;
  if (from === to || (from === 'math' && to === 'core')) return null;
  return low < high ? null : `${each.file} imports ${targetOf(each)}: ${from} may not know ${to}`;
}

/** A file that imports itself through others, types aside; null where there is none. */
function circle(edges: ReadonlyMap<string, readonly string[]>): string | null {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string | null => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file].join(' -> ');
    if (done.has(file)) return null;
    for (const next of edges.get(file) ?? []) {
      const found = visit(next, [...path, file]);
      if (found !== null) return found;
    }
    done.add(file);
    return null;
  };
  for (const file of edges.keys()) {
    const found = visit(file, []);
    if (found !== null) return found;
  }
  return null;
}

describe('the house', () => {
  test('imports run down the floors', () => {
    expect(files.length).toBeGreaterThan(20);
    expect(imports.filter(isOurs).flatMap((each) => fault(each) ?? [])).toEqual([]);
  });

  test('nothing imports in a circle', () => {
    const edges = new Map(
      files.map((file) => [
        file,
        imports.filter((each) => each.file === file && isOurs(each) && !each.typeOnly).map(targetOf),
      ]),
    );
    expect(circle(edges)).toBeNull();
  });

  test('each package is wrapped in one room, the big ones in one file', () => {
    const foreign = imports.filter((each) => !isOurs(each) && !each.specifier.startsWith('node:'));
    const faults: string[] = [];
    for (const name of new Set(foreign.map(({ specifier }) => packageOf(specifier)))) {
      const users = [
        ...new Set(foreign.filter(({ specifier }) => packageOf(specifier) === name).map(({ file }) => file)),
      ];
      const homes = [...new Set(users.map(roomOf))];
      const allowed = shared[name];
      if (allowed === undefined ? homes.length > 1 : homes.some((room) => !allowed.includes(room)))
        faults.push(`${name}: ${homes.join(', ')}`);
      if (oneFile.includes(name) && users.length > 1) faults.push(`${name}: ${users.join(', ')}`);
    }
    expect(faults).toEqual([]);
  });

  test('only config reads the environment; what is replayed reads no clock and no dice of its own', () => {
    const pure = ['policies', 'estimators', 'routing', 'learning', 'replay', 'math'];
    const faults = files.flatMap((file) => {
      const code = readFileSync(join(root, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
      // The top floor may hand the whole environment to config, and looks into it no more than others do.
      const read = ['cli', 'main'].includes(roomOf(file)) ? /\bprocess\.env\s*(\?\.|[.[])/ : /\bprocess\.env\b/;
      const environment = roomOf(file) !== 'config' && read.test(code);
      const impure =
        pure.includes(roomOf(file)) && /\bMath\.random\(|\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(/.test(code);
      return [...(environment ? [`${file}: process.env`] : []), ...(impure ? [`${file}: clock or dice`] : [])];
    });
    expect(faults).toEqual([]);
  });

  test('whatever is called is called through the guard against link-local and metadata addresses', () => {
    const doors = ['network/guarded-fetch.ts', 'backends/pools.ts'];
    const dialling = /\bfetch\(|\b(?:https?|net|tls)\.(?:request|get|connect|createConnection)\(|\bnew WebSocket\(/;
    const lines = /^import \{(?<names>[^}]*)\} from '(?:node:(?:https?|http2|net|tls|dgram)|undici)';/gm;
    const harmless = ['isIP', 'ServerResponse'];
    const faults = files.flatMap((file) => {
      if (doors.includes(file)) return [];
      const code = readFileSync(join(root, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
      const names = [...code.matchAll(lines)].flatMap(({ groups }) => groups?.['names']?.split(',') ?? []);
      const taken = names
        .map((name) => name.trim())
        .filter((name) => !name.startsWith('type ') && !harmless.includes(name));
      return [...(dialling.test(code) ? [`${file}: calls by itself`] : []), ...taken.map((name) => `${file}: ${name}`)];
    });
    expect(faults).toEqual([]);
    for (const door of doors) expect(readFileSync(join(root, door), 'utf8')).toContain('guardedLookup');
    expect(dialling.test('await fetch(url)')).toBe(true);
    expect(dialling.test('await guardedFetch(url)')).toBe(false);
    expect([..."import { Pool } from 'undici';".matchAll(lines)]).toHaveLength(1);
  });

  test('these rules would notice', () => {
    const [upwards, sideways, down] = importsOf(
      'routing/x.ts',
      "import type { A } from '../http/a.ts';\nimport {\n  b,\n} from '../policies/b.ts';\nexport { c } from '../core/c.ts';",
    );
    expect(upwards && fault(upwards)).toContain('routing may not know http');
    expect(upwards?.typeOnly).toBe(true);
    expect(sideways && fault(sideways)).toContain('routing may not know policies');
    expect(down && fault(down)).toBeNull();
    expect(importsOf('core/x.ts', "import '../math/y.ts';").map(fault)).toEqual([
      'core/x.ts imports math/y.ts: core may not know math',
    ]);
    expect(
      circle(
        new Map([
          ['a', ['b']],
          ['b', ['c']],
          ['c', ['b']],
        ]),
      ),
    ).toBe('b -> c -> b');
    expect(packageOf('@scope/name/part')).toBe('@scope/name');
  });
});
