import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Embedder } from '../core/embedder.ts';
import { messageOf, PointsmanError } from '../core/errors.ts';
import type { Estimator, EstimatorDefinition, Quantity } from '../core/estimator.ts';
import { decodeState } from '../core/state-codec.ts';
import type { State } from '../core/state.ts';
import { parseManifest, type Manifest, type StateEntry } from './manifest.ts';
import { decodeQuestionKeys } from './question-keys.ts';

/** A trained artefact, read and checked against its own fingerprints. */
export interface Artefact {
  /** As it was given to `loadArtefact`. */
  readonly path: string;
  readonly manifest: Manifest;
  /** Null where it holds no such estimator for this quantity. */
  entry(estimator: string, quantity: Quantity): StateEntry | null;
  /** Throws `invalid_data` where there is none. */
  state(estimator: string, quantity: Quantity): State;
  /** Keys of the questions it learned from; null where it does not tell. Throws `invalid_data`. */
  questionKeys(): ReadonlySet<number> | null;
}

/** Reads the folder that `train` wrote. Throws `invalid_data` where anything is missing, changed or of another format. */
export function loadArtefact(path: string): Artefact {
  const manifest = parseManifest(
    readPart(path, 'manifest.json').toString('utf8'),
    join(basename(path), 'manifest.json'),
  );
  const states = new Map(
    manifest.states.map((entry) => [keyOf(entry.estimator, entry.quantity), readState(path, entry)]),
  );
  const entry: Artefact['entry'] = (estimator, quantity) =>
    manifest.states.find((each) => each.estimator === estimator && each.quantity === quantity) ?? null;
  return {
    path,
    manifest,
    entry,
    state(estimator, quantity) {
      const state = states.get(keyOf(estimator, quantity));
      if (state === undefined) throw noSuchState(path, manifest, estimator, quantity);
      return state;
    },
    questionKeys() {
      const { questions } = manifest;
      if (questions === undefined) return null;
      return decodeQuestionKeys(readSummed(path, questions), `${path}: ${questions.file}`);
    },
  };
}

/** What an estimator is built and checked with. */
export interface RestoreOptions {
  readonly estimator: string;
  readonly quantity: Quantity;
  /** From the catalogue, under the name `estimator`. */
  readonly definition: EstimatorDefinition;
  readonly embedder: Pick<Embedder, 'id' | 'dimensions'>;
}

/**
 * The estimator as it was trained, ready to predict and to go on learning. Throws `invalid_data`, saying what to do,
 * where the artefact has no such state, was made with another embedder, or holds a state of another version.
 */
export function restoreEstimator(artefact: Artefact, options: RestoreOptions): Estimator {
  const { estimator: name, quantity, definition, embedder } = options;
  const { path, manifest } = artefact;
  const entry = artefact.entry(name, quantity);
  if (entry === null) throw noSuchState(path, manifest, name, quantity);
  if (definition.needsEmbedding) checkEmbedder(artefact, embedder);
  const estimator = definition.create(entry.options, { quantity, dimensions: manifest.embedder.dimensions });
  try {
    estimator.load(artefact.state(name, quantity));
  } catch (cause) {
    throw new PointsmanError(
      'invalid_data',
      `${path}: the state of ${name} for ${quantity} does not fit this version of ${name} (${messageOf(cause)}); ` +
        'train it again with "pointsman train".',
      { cause },
    );
  }
  return estimator;
}

/** Throws `invalid_data` where vectors of this embedder mean something else than those the artefact learned from. */
export function checkEmbedder(artefact: Artefact, embedder: Pick<Embedder, 'id' | 'dimensions'>): void {
  const { id, dimensions } = artefact.manifest.embedder;
  if (id === embedder.id && dimensions === embedder.dimensions) return;
  throw new PointsmanError(
    'invalid_data',
    `${artefact.path}: it was trained on embeddings of "${id}" (${dimensions} dimensions), the gateway embeds with ` +
      `"${embedder.id}" (${embedder.dimensions}); set embedder to the one it was trained with, or train it again.`,
  );
}

const keyOf = (estimator: string, quantity: Quantity): string => `${estimator} ${quantity}`;

function noSuchState(path: string, manifest: Manifest, estimator: string, quantity: Quantity): PointsmanError {
  const there = manifest.states.map((entry) => `${entry.estimator} (${entry.quantity})`).join(', ');
  return new PointsmanError('invalid_data', `${path}: it has no ${estimator} for ${quantity}, only ${there}.`);
}

function readPart(path: string, file: string): Buffer {
  try {
    return readFileSync(join(path, file));
  } catch (cause) {
    throw new PointsmanError(
      'invalid_data',
      `${path}: ${file} cannot be read (${messageOf(cause)}); an artefact is a folder written by "pointsman train".`,
      { cause },
    );
  }
}

const readState = (path: string, entry: StateEntry): State => decodeState(readSummed(path, entry));

function readSummed(path: string, entry: { readonly file: string; readonly sha256: string }): Buffer {
  const bytes = readPart(path, entry.file);
  if (createHash('sha256').update(bytes).digest('hex') !== entry.sha256) {
    throw new PointsmanError(
      'invalid_data',
      `${path}: ${entry.file} is not the file that the manifest describes (its sha256 differs); copy the artefact ` +
        'again as a whole, or train it again.',
    );
  }
  return bytes;
}
