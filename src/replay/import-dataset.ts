import { createWriteStream, existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { messageOf, PointsmanError } from '../core/errors.ts';
import type { DatasetReader } from './datasets/dataset.ts';
import { stemOf } from './datasets/locate.ts';
import { metaBeside } from './datasets/meta.ts';
import { openDataset, type Part } from './datasets/open-dataset.ts';
import { createWideWriter } from './datasets/wide-writer.ts';
import type { OnProgress } from './progress.ts';

export interface ImportOptions {
  readonly source: string;
  /** A CSV file to be made, gzip where it ends in `.gz`. */
  readonly out: string;
  readonly part?: Part | undefined;
  readonly models?: readonly string[] | undefined;
  readonly pool?: string | undefined;
  readonly keepPartial?: boolean | undefined;
  /** A JSON Lines file to be made with the models' answers, gzip where it ends in `.gz`. */
  readonly answers?: string | undefined;
  /** Replaces files that are there. */
  readonly force?: boolean | undefined;
}

export interface Imported {
  readonly name: string;
  readonly rows: number;
  readonly models: readonly string[];
  readonly hasCost: boolean;
  readonly source: DatasetReader['source'];
  readonly warnings: readonly string[];
}

/**
 * Turns any data set that `openDataset` reads into one file in RouterBench's wide layout, a batch of rows at a time. The
 * file appears whole or not at all; beside it `<name>.meta.json` with licence and use, where the source states any. Rejects with `invalid_data` where the source is wrong, and with `invalid_request`
 * where `out` may not be written.
 */
export async function importDataset(options: ImportOptions, onProgress: OnProgress): Promise<Imported> {
  const { source, out, answers } = options;
  if (!/\.csv(\.gz)?$/.test(out)) throw refusal(`--out is "${out}"; expected a name that ends in .csv or .csv.gz.`);
  const rules = join(dirname(out), metaBeside(stemOf(out)));
  for (const file of [out, rules, ...(answers === undefined ? [] : [answers])]) {
    if (existsSync(file) && options.force !== true) throw refusal(`${file} is there already; --force replaces it.`);
  }
  const { reader } = await openDataset(source, options.part ?? 'all', { ...options, answers: answers !== undefined });
  if (answers !== undefined && reader.extras?.includes('answers') !== true) {
    throw refusal(`${reader.source.name} has no answers, so --answers cannot be written.`);
  }
  const writer = createWideWriter(reader);
  const seen = new Set<string>();
  const table = async function* (): AsyncGenerator<string> {
    yield writer.header;
    for await (const batch of reader.rows()) {
      for (const { sampleId } of batch) {
        if (seen.has(sampleId))
          throw new PointsmanError('invalid_data', `${reader.source.name}: "${sampleId}" is there twice.`);
        seen.add(sampleId);
      }
      yield writer.lines(batch);
      onProgress({ stage: 'write', what: `${seen.size} rows`, done: seen.size, total: 0 });
    }
    if (seen.size === 0) throw new PointsmanError('invalid_data', `${reader.source.name}: it has no rows.`);
  };
  await writeWhole(out, table());
  if (reader.source.use === 'unstated' && reader.source.licence === null) await rm(rules, { force: true });
  else await writeWhole(rules, rulesText(reader));
  if (answers !== undefined) await writeWhole(answers, answerLines(reader));
  const { name, models, hasCost } = reader;
  return { name, rows: seen.size, models, hasCost, source: reader.source, warnings: reader.warnings() };
}

/** So that a set whose rules allow evaluation only stays one under its new name. */
async function* rulesText({ source }: DatasetReader): AsyncGenerator<string> {
  const { name, sha256, licence, use } = source;
  const rules = { ...(use === 'unstated' ? {} : { use }), ...(licence === null ? {} : { licence }) };
  yield `${JSON.stringify({ ...rules, imported_from: { name, sha256 } }, null, 2)}\n`;
}

const refusal = (message: string): PointsmanError => new PointsmanError('invalid_request', message);

async function* answerLines(reader: DatasetReader): AsyncGenerator<string> {
  for await (const batch of reader.rows()) {
    yield batch
      .map(({ sampleId, answers }) => {
        const responses = Object.fromEntries(reader.models.map((model, m) => [model, answers?.[m] ?? null]));
        return `${JSON.stringify({ sample_id: sampleId, responses })}\n`;
      })
      .join('');
  }
}

/** Under another name until it is whole. */
async function writeWhole(path: string, texts: AsyncIterable<string>): Promise<void> {
  const unfinished = `${path}.unfinished-${process.pid}`;
  const file = createWriteStream(unfinished);
  try {
    await (path.endsWith('.gz')
      ? pipeline(Readable.from(texts), createGzip(), file)
      : pipeline(Readable.from(texts), file));
    await rename(unfinished, path);
  } catch (cause) {
    await rm(unfinished, { force: true });
    if (cause instanceof PointsmanError) throw cause;
    throw new PointsmanError('invalid_request', `${path} cannot be written: ${messageOf(cause)}`, { cause });
  }
}
