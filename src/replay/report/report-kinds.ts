import { basename } from 'node:path';
import { loadCatalogue } from '../../routing/catalogue.ts';
import { replayLog, type LogReplay } from '../log/replay-log.ts';
import { parseNamed } from '../online/parse-named.ts';
import { runOnline, type OnlineOptions, type OnlineResult } from '../online/run-online.ts';
import { parseEvent } from '../online/scenario.ts';
import type { OnProgress } from '../progress.ts';
import { defaultSeed, runReplay } from '../replay.ts';
import { logFiles } from './log-report.ts';
import {
  manifestFormat,
  type LogManifestOptions,
  type OnlineManifestOptions,
  type ReportManifest,
} from './manifest.ts';
import { onlineFiles } from './online-report.ts';
import { inputsOf, replayOptions, reportFiles, sumsOf } from './run-manifest.ts';
import { writeReport, type ReportFiles } from './write-report.ts';

/** What a report is of, and what was asked for. */
export type Asked = AskedOf<ReportManifest>;
type AskedOf<Manifest> = Manifest extends ReportManifest ? Pick<Manifest, 'kind' | 'options'> : never;

/** What was found, as files, and what was read for it. */
export interface Made {
  readonly files: ReportFiles;
  readonly inputs: ReportManifest['inputs'];
}

/** Where data lies, if elsewhere than `Asked` says. */
export interface Elsewhere {
  readonly train?: string | undefined;
  readonly test?: string | undefined;
}

/** Does what was asked for. The page names the paths of `asked`, wherever the data was found. Rejects as the run does. */
export async function makeReport(
  asked: Asked,
  elsewhere: Elsewhere,
  version: string,
  onProgress: OnProgress,
): Promise<Made> {
  const moved = <Options extends object>(options: Options): Options => ({
    ...options,
    ...(elsewhere.train === undefined ? {} : { train: elsewhere.train }),
    ...(elsewhere.test === undefined ? {} : { test: elsewhere.test }),
  });
  switch (asked.kind) {
    case 'online': {
      const result = await runOnline(onlineOptions(moved(asked.options)), onProgress);
      return { files: onlineFiles(result, asked.options, version), inputs: onlineInputs(result) };
    }
    case 'log': {
      const result = await runLog(moved(asked.options));
      return { files: logFiles(result, asked.options, version), inputs: logInputs(result, asked.options) };
    }
    case 'replay':
    case undefined: {
      const options = moved(asked.options);
      const result = await runReplay(replayOptions(options), onProgress);
      return { files: reportFiles(result, asked.options, version), inputs: await inputsOf(result, options) };
    }
    default:
      return asked satisfies never;
  }
}

/** Writes the report of an online replay and its manifest into `out`, in one step. Throws `invalid_data`. */
export function writeOnline(out: string, result: OnlineResult, options: OnlineManifestOptions, version: string): void {
  const files = onlineFiles(result, options, version);
  write(out, files, {
    ...made(version),
    kind: 'online',
    options,
    inputs: onlineInputs(result),
    outputs: sumsOf(files),
  });
}

/** Writes the report of a log and its manifest into `out`, in one step. Throws `invalid_data`. */
export function writeLog(out: string, result: LogReplay, options: LogManifestOptions, version: string): void {
  const files = logFiles(result, options, version);
  const inputs = logInputs(result, options);
  write(out, files, { ...made(version), kind: 'log', options, inputs, outputs: sumsOf(files) });
}

const made = (version: string) => ({ format: manifestFormat, pointsman: version, node: process.version }) as const;

const write = (out: string, files: ReportFiles, manifest: ReportManifest): void =>
  writeReport(out, new Map([...files, ['manifest.json', `${JSON.stringify(manifest, null, 2)}\n`]]));

/** As `runOnline` takes them. Throws `invalid_config` for an event that is none. */
export function onlineOptions(asked: OnlineManifestOptions): OnlineOptions {
  const { train, test = train, policies, estimators, budget, labelled, delay, poisoned, steps, order, events } = asked;
  return {
    train,
    test,
    policies: policies.map(parseNamed),
    estimators: estimators.map(parseNamed),
    start: asked.start,
    scenario: {
      steps,
      order,
      feedback: { share: labelled, delay, poisoned },
      events: events.map(parseEvent),
    },
    lambda: asked.lambda,
    budgetUsd: budget ?? null,
    epsilon: asked.epsilon,
    segments: asked.segments,
    seeds: asked.seeds,
    seed: asked.seed,
  };
}

/** A log, evaluated as was asked. Rejects with `invalid_data` and `invalid_config`. */
export async function runLog({ test, route, policies, seed, ...rest }: LogManifestOptions): Promise<LogReplay> {
  return replayLog({
    ...rest,
    path: test,
    route: route ?? null,
    policies: policies?.map(parseNamed),
    seed: seed ?? defaultSeed,
    catalogue: await loadCatalogue(),
  });
}

const onlineInputs = ({ train, test }: OnlineResult): ReportManifest['inputs'] => [
  ...new Map([...train, ...test].map(({ name, sha256 }) => [name, { name, sha256 }])).values(),
];

/** A database grows while it is read: what counts is the decisions and rewards that were there. */
const logInputs = ({ sha256 }: LogReplay, { test }: LogManifestOptions): ReportManifest['inputs'] => [
  { name: `decisions of ${basename(test)}`, sha256 },
];
