import type { Target } from '../core/candidate.ts';
import { keepAsking, type Probe } from './rounds.ts';
import type { ReportedLoad, TargetLoads } from './target-loads.ts';

/**
 * Reads queue and cache of each target with `loadMetrics`. A server that does not answer, or tells nothing we know, is
 * counted by our own calls alone. Returns the end of it.
 */
export function watchLoads(targets: readonly Target[], probe: Probe, loads: TargetLoads): () => void {
  const watched = targets.flatMap((target) =>
    target.loadMetrics === undefined ? [] : [[target, target.loadMetrics] as const],
  );
  return keepAsking(watched, async (target, asked) => {
    const reported = await probe(target, asked).then(
      ({ status, text }) => (status === 200 ? readLoad(text) : null),
      () => null,
    );
    loads.report(target.id, reported);
  });
}

/**
 * Names that vLLM (docs.vllm.ai, usage/metrics), SGLang (docs.sglang.io, references/production_metrics) and llama.cpp's
 * server (tools/server/README.md) give to the same thing, as read on 2026-11-22. `gpu_cache_usage_perc` and
 * `kv_cache_usage_ratio` are of older versions; newer llama.cpp tells no cache.
 */
const running = ['vllm:num_requests_running', 'sglang:num_running_reqs', 'llamacpp:requests_processing'];
const waiting = ['vllm:num_requests_waiting', 'sglang:num_queue_reqs', 'llamacpp:requests_deferred'];
const cacheUse = [
  'vllm:kv_cache_usage_perc',
  'vllm:gpu_cache_usage_perc',
  'sglang:token_usage',
  'llamacpp:kv_cache_usage_ratio',
];

/** From Prometheus text; several series of one name (one per engine or model) are added up. Null where none is there. */
export function readLoad(text: string): ReportedLoad | null {
  const series = new Map<string, number[]>();
  for (const line of text.split('\n')) {
    const found = /^([a-z]+:[a-z_]+)(?:\{[^\n]*\})?\s+(\S+)/.exec(line);
    const value = Number(found?.[2]);
    if (found?.[1] === undefined || !Number.isFinite(value) || value < 0) continue;
    const values = series.get(found[1]) ?? [];
    values.push(value);
    series.set(found[1], values);
  }
  const first = (names: readonly string[]): readonly number[] | undefined =>
    names.map((name) => series.get(name)).find((values) => values !== undefined);
  const sum = (values: readonly number[] | undefined): number =>
    (values ?? []).reduce((total, value) => total + value, 0);
  const [runs, waits, cache] = [first(running), first(waiting), first(cacheUse)];
  if (runs === undefined && waits === undefined) return null;
  return { running: sum(runs), waiting: sum(waits), cacheUse: cache === undefined ? null : Math.max(...cache) };
}
