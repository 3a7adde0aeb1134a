import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import type { ReplayResult } from '../replay-result.ts';
import type { ReplayOptions } from '../replay.ts';
import { curvesCsv } from './curves-csv.ts';
import { figuresCsv } from './figures-csv.ts';
import { htmlReport } from './html-report.ts';
import { latexFigures, latexTable } from './latex-table.ts';
import { manifestFormat, type ReplayManifestOptions, type ReportManifest } from './manifest.ts';
import { writeReport } from './write-report.ts';

/** As `runReplay` takes them. */
export function replayOptions(asked: ReplayManifestOptions): ReplayOptions {
  const { policies, exec_timeout_seconds: seconds, ...rest } = asked;
  return {
    ...rest,
    policies: policies?.map((name) => ({ name })),
    execTimeoutMs: seconds === undefined ? undefined : seconds * 1_000,
  };
}

/** Everything but the manifest. Same result and version, same bytes. */
export function reportFiles(
  result: ReplayResult,
  asked: ReplayManifestOptions,
  version: string,
): ReadonlyMap<string, string> {
  return new Map([
    ['report.html', htmlReport(result, asked, version)],
    ['result.json', `${JSON.stringify(result, null, 2)}\n`],
    ['curves.csv', curvesCsv(result)],
    ['figures.csv', figuresCsv(result)],
    ['table.tex', `${latexTable(result)}\n${latexFigures(result)}`],
  ]);
}

/** Writes the report and its manifest into `out`, in one step. Rejects with `invalid_data`. */
export async function writeReplay(
  out: string,
  result: ReplayResult,
  asked: ReplayManifestOptions,
  version: string,
): Promise<ReportManifest> {
  const files = reportFiles(result, asked, version);
  const manifest: ReportManifest = {
    format: manifestFormat,
    pointsman: version,
    node: process.version,
    options: asked,
    inputs: await inputsOf(result, asked),
    outputs: sumsOf(files),
  };
  writeReport(out, new Map([...files, ['manifest.json', `${JSON.stringify(manifest, null, 2)}\n`]]));
  return manifest;
}

export const sumsOf = (files: ReadonlyMap<string, string>): ReportManifest['outputs'] =>
  [...files].map(([name, text]) => ({ name, sha256: createHash('sha256').update(text).digest('hex') }));

/** The data as its reader fingerprinted it, and the files from outside. */
export async function inputsOf(result: ReplayResult, asked: ReplayManifestOptions): Promise<ReportManifest['inputs']> {
  const sources = [...result.train.sources, ...result.test.sources].map(({ name, sha256 }) => ({ name, sha256 }));
  const inputs = [...new Map(sources.map((source) => [source.name, source])).values()];
  if (result.artefact !== null) inputs.push({ name: result.artefact.name, sha256: result.artefact.sha256 });
  for (const path of [...(asked.predictions ?? []), ...(asked.embeddings ?? [])]) {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path)) hash.update(chunk);
    inputs.push({ name: basename(path), sha256: hash.digest('hex') });
  }
  return inputs;
}
