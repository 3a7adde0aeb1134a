import { readdir } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { messageOf, PointsmanError } from '../core/errors.ts';
import type { EstimatorDefinition, Quantity } from '../core/estimator.ts';
import type { PolicyDefinition } from '../core/policy.ts';
import type { VerifierDefinition } from '../core/verifier.ts';
import { checkOptions, validatorOf } from './options.ts';

/** Everything that a YAML can name, by file name. */
export interface Catalogue {
  readonly policies: ReadonlyMap<string, PolicyDefinition>;
  readonly estimators: ReadonlyMap<string, EstimatorDefinition>;
  readonly verifiers: ReadonlyMap<string, VerifierDefinition>;
}

export interface CatalogueDirs {
  /** Folders of the operator's own policies, absolute or relative to the working directory. */
  readonly policyDirs?: readonly string[] | undefined;
  readonly estimatorDirs?: readonly string[] | undefined;
  readonly verifierDirs?: readonly string[] | undefined;
}

const quantities: ReadonlySet<unknown> = new Set<Quantity>(['quality', 'cost', 'latency', 'output_tokens']);
const namePattern = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** `.ts` while we run from source, `.js` once built. */
const ownExtension = extname(fileURLToPath(import.meta.url));

/**
 * The folder is the catalogue: every file of `policies/`, `estimators/` and `verifiers/`, and of the operator's own folders, is
 * registered under its file name. Throws `invalid_config` naming the file that is invalid or whose name is taken.
 */
export async function loadCatalogue(dirs: CatalogueDirs = {}): Promise<Catalogue> {
  const own = (folder: string): string => fileURLToPath(new URL(`../${folder}/`, import.meta.url));
  const [policies, estimators, verifiers] = await Promise.all([
    scan([own('policies'), ...(dirs.policyDirs ?? [])], policyFault, isPolicy),
    scan([own('estimators'), ...(dirs.estimatorDirs ?? [])], estimatorFault, isEstimator),
    scan([own('verifiers'), ...(dirs.verifierDirs ?? [])], verifierFault, isVerifier),
  ]);
  return { policies, estimators, verifiers };
}

async function scan<Definition>(
  folders: readonly string[],
  faultOf: (value: unknown) => string | null,
  isDefinition: (value: unknown) => value is Definition,
): Promise<ReadonlyMap<string, Definition>> {
  const found = new Map<string, Definition>();
  const files = new Map<string, string>();
  for (const folder of folders) {
    for (const file of await modulesIn(resolve(folder))) {
      const refuse = (why: string, cause?: unknown): PointsmanError =>
        new PointsmanError('invalid_config', `${file}: ${why}`, { param: file, cause });
      const name = file.slice(file.lastIndexOf('/') + 1, -extname(file).length);
      if (!namePattern.test(name)) throw refuse('a file name in the catalogue is in kebab-case, e.g. cost-aware.js.');
      const taken = files.get(name);
      if (taken !== undefined) throw refuse(`the name "${name}" is taken by ${taken}; rename one of the two.`);
      const definition = await load(file, refuse);
      const fault = faultOf(definition);
      if (fault !== null || !isDefinition(definition)) throw refuse(`its default export ${fault}.`);
      files.set(name, file);
      found.set(name, definition);
    }
  }
  return found;
}

async function load(file: string, refuse: (why: string, cause?: unknown) => PointsmanError): Promise<unknown> {
  try {
    const module: unknown = await import(/* @vite-ignore */ pathToFileURL(file).href);
    return member(module, 'default');
  } catch (cause) {
    throw refuse(`it cannot be loaded: ${messageOf(cause)}`, cause);
  }
}

/** Modules directly in the folder, by name. A `.ts` beside its compiled `.js` is that file's source, not another one. */
async function modulesIn(folder: string): Promise<readonly string[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (cause) {
    throw new PointsmanError('invalid_config', `${folder}: the folder cannot be read: ${messageOf(cause)}`, {
      param: folder,
      cause,
    });
  }
  const modules = names.filter((name) => /\.(js|mjs|ts)$/.test(name) && !name.endsWith('.d.ts')).sort();
  return modules
    .filter((name) => !(name.endsWith('.ts') && ownExtension !== '.ts' && modules.includes(`${name.slice(0, -3)}.js`)))
    .map((name) => join(folder, name));
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

const isPolicy = (value: unknown): value is PolicyDefinition => policyFault(value) === null;
const isEstimator = (value: unknown): value is EstimatorDefinition => estimatorFault(value) === null;

const isVerifier = (value: unknown): value is VerifierDefinition => verifierFault(value) === null;

/** What keeps a value from being a policy definition, as the end of "its default export ..."; null where nothing does. */
export function policyFault(value: unknown): string | null {
  const shared = sharedFault(value);
  if (shared !== null) return shared;
  const uses = quantitiesFault(value, 'uses');
  if (uses !== null) return uses;
  const example = member(value, 'example');
  if (typeof example !== 'function') return 'needs example: a function of model ids that returns valid options';
  if (isPolicyShaped(value)) {
    try {
      checkOptions('the policy', value.options, value.example(['a', 'b']), 'example');
    } catch (thrown) {
      return `has an example that its own options refuse (${messageOf(thrown)})`;
    }
  }
  return null;
}

const isPolicyShaped = (value: unknown): value is Pick<PolicyDefinition, 'options' | 'example'> =>
  typeof member(value, 'example') === 'function';

/** As `policyFault`, for estimator definitions. */
export function estimatorFault(value: unknown): string | null {
  const shared = sharedFault(value);
  if (shared !== null) return shared;
  if (typeof member(value, 'needsEmbedding') !== 'boolean') return 'needs needsEmbedding: true or false';
  if (typeof member(value, 'settings') !== 'function') return 'needs settings: a function that returns a list';
  return quantitiesFault(value, 'quantities');
}

/** As `policyFault`, for verifiers: they need no source. */
export function verifierFault(value: unknown): string | null {
  return sharedFault(value, ['summary']);
}

function sharedFault(value: unknown, texts: readonly string[] = ['summary', 'source']): string | null {
  if (typeof value !== 'object' || value === null) return 'is missing: export default a definition';
  for (const key of texts) {
    const text = member(value, key);
    if (typeof text !== 'string' || text.trim() === '') return `needs ${key}: a sentence`;
  }
  if (typeof member(value, 'create') !== 'function') return 'needs create: a function of its options';
  const options = member(value, 'options');
  if (!isObjectSchema(options)) return 'needs options: a Type.Object schema';
  try {
    validatorOf(options);
  } catch (thrown) {
    return `has options that are no schema (${messageOf(thrown)})`;
  }
  return null;
}

const isObjectSchema = (value: unknown): value is PolicyDefinition['options'] =>
  member(value, 'type') === 'object' && typeof member(value, 'properties') === 'object';

function quantitiesFault(value: unknown, key: string): string | null {
  const list = member(value, key);
  const valid = Array.isArray(list) && list.every((item) => quantities.has(item));
  return valid ? null : `needs ${key}: a list of ${[...quantities].join(', ')}`;
}
