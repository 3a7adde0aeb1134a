import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, PointsmanError } from '../../core/errors.ts';
import type { OnProgress } from '../progress.ts';
import { parseManifest } from './manifest.ts';
import { makeReport, type Elsewhere } from './report-kinds.ts';
import { sumsOf } from './run-manifest.ts';

export interface Reproduction {
  readonly isIdentical: boolean;
  /** For people: one for each file, and what may explain a difference. */
  readonly lines: readonly string[];
}

export interface ReproduceOptions extends Elsewhere {
  /** Of the Pointsman that runs. */
  readonly version: string;
}

/**
 * Runs a report's manifest again, writes nothing, and compares: the inputs by their fingerprints, the outputs with the
 * manifest and with the files beside it. Rejects with `invalid_data` where there is no manifest or the data is gone.
 */
export async function reproduceReport(
  folder: string,
  options: ReproduceOptions,
  onProgress: OnProgress = () => undefined,
): Promise<Reproduction> {
  const manifest = parseManifest(readPart(folder, 'manifest.json'), join(folder, 'manifest.json'));
  const { files: again, inputs } = await makeReport(manifest, options, options.version, onProgress);
  const outputs = sumsOf(again);
  const changed = manifest.inputs.filter(
    ({ name, sha256 }) => inputs.find((each) => each.name === name)?.sha256 !== sha256,
  );
  const made = new Map(outputs.map(({ name, sha256 }) => [name, sha256]));
  const beside = new Map(
    sumsOf(new Map(outputs.map(({ name }) => [name, readPart(folder, name)]))).map(({ name, sha256 }) => [
      name,
      sha256,
    ]),
  );
  const files = manifest.outputs.map(({ name, sha256 }) => {
    const isSame = made.get(name) === sha256;
    const isUntouched = beside.get(name) === sha256;
    const verdict = isSame
      ? isUntouched
        ? 'identical'
        : 'identical to the manifest, but the file here was changed'
      : 'differs';
    return { line: `${name}: ${verdict}`, isFine: isSame && isUntouched };
  });
  const isIdentical = files.every(({ isFine }) => isFine);
  return {
    isIdentical,
    lines: [
      ...files.map(({ line }) => line),
      ...changed.map(({ name }) => `The input ${name} is not the one that was read (its sha256 differs).`),
      ...difference('Pointsman', manifest.pointsman, options.version),
      ...difference('Node', manifest.node, process.version),
      isIdentical ? 'Reproduced: every byte is the same.' : 'Not reproduced.',
    ],
  };
}

const difference = (what: string, then: string, now: string): readonly string[] =>
  then === now ? [] : [`It was made with ${what} ${then}; this is ${now}.`];

function readPart(folder: string, name: string): string {
  try {
    return readFileSync(join(folder, name), 'utf8');
  } catch (cause) {
    throw new PointsmanError(
      'invalid_data',
      `${folder}: ${name} cannot be read (${messageOf(cause)}); name a folder written by "pointsman replay --out".`,
      { cause },
    );
  }
}
