import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { messageOf, PointsmanError } from '../core/errors.ts';
import type { Quantity } from '../core/estimator.ts';
import { encodeState } from '../core/state-codec.ts';
import type { State } from '../core/state.ts';
import { artefactFormat, parseManifest, type Manifest } from './manifest.ts';
import { modelCard } from './model-card.ts';
import { checkParentFolder, makeParents, putBack } from './parent-folder.ts';
import { encodeQuestionKeys } from './question-keys.ts';

/** One learned state and what it takes to build its estimator again. */
export interface StateToWrite {
  readonly estimator: string;
  readonly quantity: Quantity;
  readonly options: Readonly<Record<string, unknown>>;
  readonly state: State;
}

export type ArtefactToWrite = Omit<Manifest, 'format' | 'states' | 'questions'> & {
  readonly states: readonly StateToWrite[];
  /** Of every question it learned from; see question-keys.ts. Default: they are not told. */
  readonly questionKeys?: Iterable<number>;
};

/**
 * Throws `invalid_data` where `out` could not be written over: an artefact that is there is replaced, anything else is
 * left alone. Called before hours of training, not after.
 */
export function checkDestination(out: string): void {
  if (!existsSync(out)) return checkParentFolder(out);
  let files: readonly string[];
  try {
    files = readdirSync(out);
  } catch {
    throw new PointsmanError('invalid_data', `${out}: there is a file of this name; name a folder for the artefact.`);
  }
  if (files.length === 0 || files.includes('manifest.json')) return;
  throw new PointsmanError(
    'invalid_data',
    `${out}: the folder holds something that is no artefact (${files.slice(0, 3).join(', ')}); name an empty or new one.`,
  );
}

/**
 * Writes `manifest.json`, one `.bin` a state and a model card into a folder beside `out`, flushes them to disk and
 * renames the folder into place: at no moment is there half an artefact under `out`. Same content, same bytes.
 * Throws `invalid_data` where the disk refuses.
 */
export function writeArtefact(out: string, artefact: ArtefactToWrite): Manifest {
  checkDestination(out);
  const { states, questionKeys, ...rest } = artefact;
  const files = states.map((each) => {
    const bytes = encodeState(each.state);
    return {
      bytes,
      entry: {
        estimator: each.estimator,
        quantity: each.quantity,
        options: { ...each.options },
        stateVersion: each.state.version,
        file: `${each.estimator}.${each.quantity}.bin`,
        sha256: sumOf(bytes),
      },
    };
  });
  const questions = questionKeys === undefined ? null : encodeQuestionKeys(questionKeys);
  const manifest: Manifest = {
    format: artefactFormat,
    ...rest,
    ...(questions === null
      ? {}
      : { questions: { file: 'questions.bin', sha256: sumOf(questions), count: questions.length / 8 } }),
    states: files.map(({ entry }) => entry),
  };
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  // What cannot be read back must not be written.
  parseManifest(text, 'manifest.json');

  const target = resolve(out);
  const draft = join(dirname(target), `.${basename(target)}.${process.pid}.draft`);
  const replaced = join(dirname(target), `.${basename(target)}.${process.pid}.replaced`);
  try {
    makeParents(target);
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft);
    for (const { bytes, entry } of files) writeDurably(join(draft, entry.file), bytes);
    if (questions !== null) writeDurably(join(draft, 'questions.bin'), questions);
    writeDurably(join(draft, 'README.md'), Buffer.from(modelCard(manifest)));
    writeDurably(join(draft, 'manifest.json'), Buffer.from(text));
    const replaces = existsSync(target);
    if (replaces) renameSync(target, replaced);
    renameSync(draft, target);
    if (replaces) rmSync(replaced, { recursive: true, force: true });
  } catch (cause) {
    putBack(target, replaced, draft);
    throw new PointsmanError('invalid_data', `${out}: the artefact cannot be written (${messageOf(cause)}).`, {
      cause,
    });
  }
  return manifest;
}

const sumOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function writeDurably(path: string, bytes: Uint8Array): void {
  const file = openSync(path, 'wx');
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
