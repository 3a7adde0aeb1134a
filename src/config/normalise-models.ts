import type { Capability, Model, Price, Target, Timeouts } from '../core/candidate.ts';
import { isLocal, isMetadata, plainHost } from '../core/hosts.ts';
import { targetResilienceOf } from './normalise-resilience.ts';
import { withPreset } from './presets.ts';
import type { Path } from './problems.ts';
import { formatPath } from './problems.ts';
import type { PriceRow, PriceTable } from './price-table.ts';
import type { Report } from './report.ts';
import type { ConfigFile } from './schema.ts';
import { defaultTimeouts } from './schema-models.ts';
import { hideApiKey } from './secret.ts';

type ModelFile = ConfigFile['models'][number];
type TargetFile = NonNullable<ModelFile['targets']>[number];

/** Models with every default filled in: targets inherit from their model, and the price table says what the YAML leaves out. */
export function normaliseModels(files: ConfigFile['models'], table: PriceTable, report: Report): Model[] {
  const taken = new Map<string, Path>();
  const targetIds = new Set<string>();
  return files.map((file, index) => {
    const path: Path = ['models', index];
    const first = taken.get(file.id);
    if (first !== undefined) {
      report.problem([...path, 'id'], `"${file.id}" is already the id of ${formatPath(first)}; ids are unique`);
    }
    taken.set(file.id, path);
    if (file.embedding !== undefined) checkSpace(file, file.embedding, files, path, report);
    return normaliseModel(file, path, targetIds, table, report);
  });
}

function normaliseModel(file: ModelFile, path: Path, targetIds: Set<string>, table: PriceTable, report: Report): Model {
  const written: readonly (readonly [TargetFile, Path])[] =
    file.targets === undefined
      ? [[file, path]]
      : file.targets.map((target, index) => [inherit(file, target), [...path, 'targets', index]]);
  const targets = written.map(([target, place]) => normaliseTarget(file, target, place, targetIds, report));
  const simulated = targets.every((target) => target.backend === 'simulated');
  if (!simulated && targets.some((target) => target.backend === 'simulated')) {
    report.problem([...path, 'targets'], 'a model is simulated by all of its targets or by none');
  }
  const row = simulated ? null : knownRow(file, targets, table);
  return {
    id: file.id,
    price: priceOf(file, path, targets, row, table, report),
    contextTokens: contextOf(file, row, targets),
    capabilities: capabilitiesOf(file, row),
    embedding: file.embedding ?? null,
    simulated,
    targets,
    ...(file.balance && { balance: file.balance }),
    ...(file.profile && { profile: profileOf(file.profile) }),
  };
}

const profileOf = (file: NonNullable<ModelFile['profile']>): NonNullable<Model['profile']> => ({
  sizeBillions: file.size_billions ?? null,
  released: file.released ?? null,
  licence: file.licence?.toLowerCase() ?? null,
});

/** Of the smallest `num_ctx` where Ollama serves it. */
function contextOf(file: ModelFile, row: PriceRow | null, targets: readonly Target[]): number | null {
  const known = file.context_tokens ?? row?.contextTokens ?? null;
  const told = targets.flatMap(({ options: { num_ctx: context } }) => (typeof context === 'number' ? [context] : []));
  return told.length === 0 ? known : Math.min(...told, known ?? Infinity);
}

/** Vectors of different lengths are of different spaces. */
function checkSpace(
  { id }: ModelFile,
  { space, dimensions }: NonNullable<ModelFile['embedding']>,
  files: ConfigFile['models'],
  path: Path,
  report: Report,
): void {
  const other = files.find(({ embedding }) => embedding?.space === space);
  const length = other?.embedding?.dimensions;
  if (other === undefined || length === undefined || length === dimensions) return;
  const place = [...path, 'embedding', 'dimensions'];
  report.problem(
    place,
    `"${id}" and "${other.id}" share the space "${space}", so both have ${length} or ${dimensions}`,
  );
}

function inherit(model: ModelFile, target: TargetFile): TargetFile {
  const { preset, backend, base_url, api_key, upstream_model, local, region, timeouts, options } = model;
  const { capacity, health_check, load_metrics, tool_call_ids } = model;
  const said = { preset, backend, base_url, api_key, upstream_model, local, region, timeouts, options };
  const inherited = { ...said, capacity, health_check, load_metrics, tool_call_ids };
  return { ...dropUndefined(inherited), ...target, timeouts: { ...timeouts, ...target.timeouts } };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function dropUndefined<T extends object>(value: T): Defined<T> {
  const out: Defined<T> = { ...value };
  for (const key in out) if (out[key] === undefined) delete out[key];
  return out;
}

function normaliseTarget(
  model: ModelFile,
  written: TargetFile,
  path: Path,
  targetIds: Set<string>,
  report: Report,
): Target {
  const file = withPreset(written);
  const backend = file.backend ?? 'openai-compatible';
  const url = backend === 'simulated' ? null : readBaseUrl(file, path, report);
  const host = url === null ? 'simulated' : url.host;
  const local = file.local ?? (backend === 'simulated' || (url !== null && isLocal(url.hostname)));
  if (file.api_key !== undefined) checkApiKey(file.api_key, url, path, report);
  // A target's own id only: in the shorthand `id` is the model's.
  const explicit = model.targets === undefined ? undefined : file.id;
  return hideApiKey({
    id: uniqueId(explicit, `${model.id}@${host}`, path, targetIds, report),
    backend,
    baseUrl: url === null ? '' : url.href.replace(/\/+$/, ''),
    upstreamModel: file.upstream_model ?? null,
    apiKey: file.api_key ?? null,
    local,
    region: file.region ?? null,
    weight: file.weight ?? 1,
    timeouts: readTimeouts(file.timeouts ?? {}),
    ...targetResilienceOf(file),
    options: backend === 'ollama' ? ollamaOptions(model, file, path, report) : (file.options ?? {}),
  });
}

/** Ollama has to be told its context: `num_ctx`, else what the model says of itself. */
function ollamaOptions(model: ModelFile, file: TargetFile, path: Path, report: Report): Target['options'] {
  const { num_ctx: own, ...rest } = file.options ?? {};
  const context = own ?? model.context_tokens;
  if (context === undefined) {
    const mend = 'write options: { num_ctx: 8192 } or what fits your memory; longer prompts would be cut in silence';
    report.problem(path, `Ollama has to be told how much context to use: ${mend}`);
  }
  return { ...rest, num_ctx: context };
}

/** Null, with a problem reported, where it cannot be called. */
function readBaseUrl(file: TargetFile, path: Path, report: Report): URL | null {
  const place = [...path, 'base_url'];
  if (file.base_url === undefined) {
    report.problem(path, '"base_url" is missing, e.g. http://127.0.0.1:8000/v1 (only simulated models have none)');
    return null;
  }
  if (!URL.canParse(file.base_url)) {
    report.problem(place, `"${file.base_url}" is no URL; it looks like http://127.0.0.1:8000/v1`);
    return null;
  }
  const url = new URL(file.base_url);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    report.problem(place, `expected http:// or https://, found ${url.protocol}//`);
  } else if (url.username !== '' || url.password !== '') {
    report.problem(place, 'a URL with a user or password would be logged; use api_key');
  } else if (url.search !== '' || url.hash !== '') {
    report.problem(place, 'expected no "?" and no "#": a path is appended to it');
  } else if (isMetadata(url.hostname)) {
    report.problem(place, `${plainHost(url.hostname)} is a link-local or metadata address; it is never called`);
  } else if (url.pathname.endsWith('/chat/completions')) {
    report.problem(place, 'leave /chat/completions away; it is appended');
  }
  return url;
}

function checkApiKey(apiKey: string, url: URL | null, path: Path, report: Report): void {
  const place = [...path, 'api_key'];
  // It becomes a header; a stray newline from a file or shell would make every call fail.
  if (!/^[\x21-\x7e]+$/.test(apiKey)) {
    report.problem(place, 'holds a space, line break or non-ASCII character, which no header can carry');
  }
  if (url?.protocol === 'http:' && !isLocal(url.hostname)) {
    report.warning(place, `this secret travels unencrypted to ${url.host}; use https`);
  }
  if (!report.fromEnvironment(place) && url !== null && !isLocal(url.hostname)) {
    report.warning(place, 'a secret stands in the file; write ${NAME} and set it in the environment');
  }
}

function uniqueId(
  explicit: string | undefined,
  derived: string,
  path: Path,
  taken: Set<string>,
  report: Report,
): string {
  let id = explicit ?? derived;
  if (taken.has(id)) {
    if (explicit !== undefined) report.problem([...path, 'id'], `"${id}" is already the id of another target`);
    else for (let count = 2; taken.has(id); count++) id = `${derived}#${count}`;
  }
  taken.add(id);
  return id;
}

function readTimeouts(file: NonNullable<TargetFile['timeouts']>): Timeouts {
  return {
    connectMs: file.connect_ms ?? defaultTimeouts.connectMs,
    firstTokenMs: file.first_token_ms ?? defaultTimeouts.firstTokenMs,
    idleMs: file.idle_ms ?? defaultTimeouts.idleMs,
    totalMs: file.total_ms ?? defaultTimeouts.totalMs,
  };
}

function hostOf(target: Target): string {
  return URL.canParse(target.baseUrl) ? plainHost(new URL(target.baseUrl).hostname) : '';
}

/** By the name the upstream is asked for, else by ours; at that host where the table knows it, else anywhere. */
function knownRow(file: ModelFile, targets: readonly Target[], table: PriceTable): PriceRow | null {
  for (const target of targets) {
    for (const name of [target.upstreamModel, file.id]) {
      const row = name === null ? null : (table.find(name, hostOf(target)) ?? table.find(name));
      if (row !== null) return row;
    }
  }
  return null;
}

/**
 * The YAML's, else the table's where it holds at every target's host. What a provider charges is no price of the
 * operator's own GPU, nor of a reseller: unknown stays unknown, and a warning says what to write.
 */
function priceOf(
  file: ModelFile,
  path: Path,
  targets: readonly Target[],
  row: PriceRow | null,
  table: PriceTable,
  report: Report,
): Price | null {
  if (file.price !== undefined) {
    const { input, output, cached_input: cachedInput = input } = file.price;
    return { input, cachedInput, output };
  }
  const atHosts = targets.map((target) => table.find(target.upstreamModel ?? file.id, hostOf(target)));
  const [first] = atHosts;
  if (first !== undefined && first !== null && atHosts.every((found) => samePrice(found, first))) return first.price;
  const example = row === null ? '{ input: 0.5, output: 1.5 }' : yamlPrice(row.price);
  const known = row === null ? '' : `; at ${row.hosts[0]} it costs ${example}`;
  const mend = targets.every((target) => target.local)
    ? 'write price: { input: 0, output: 0 } or what your hardware costs you per million tokens'
    : `write price: ${example}`;
  report.warning(path, `nobody knows what "${file.id}" costs here, so it is listed and not routed${known}; ${mend}`);
  return null;
}

function samePrice(row: PriceRow | null, other: PriceRow): boolean {
  return row !== null && row.price.input === other.price.input && row.price.output === other.price.output;
}

function yamlPrice({ input, cachedInput, output }: Price): string {
  return `{ input: ${input}, cached_input: ${cachedInput}, output: ${output} }`;
}

function capabilitiesOf(file: ModelFile, row: PriceRow | null): ReadonlySet<Capability> | null {
  const known = file.capabilities ?? row?.capabilities ?? null;
  return known === null ? null : new Set(known);
}
