import type { Target } from '../core/candidate.ts';
import type { Config, RouteConfig } from './config.ts';
import type { ConfigFile } from './schema.ts';
import {
  defaultHealthCheck,
  defaultHedge,
  defaultLoadMetrics,
  defaultQueue,
  defaultSession,
} from './schema-resilience.ts';

type ModelFile = ConfigFile['models'][number];
type TargetFile = NonNullable<ModelFile['targets']>[number];
type RouteFile = NonNullable<ConfigFile['routes']>[string];

/** What a target inherits from its model. */
export type TargetResilienceFile = Pick<TargetFile, 'capacity' | 'health_check' | 'load_metrics' | 'tool_call_ids'>;

/** Only what is written: a target without any of it is as it was. */
export function targetResilienceOf(
  file: TargetResilienceFile,
): Pick<Target, 'capacity' | 'healthCheck' | 'loadMetrics' | 'toolCallIds'> {
  const { capacity, health_check: check, load_metrics: metrics, tool_call_ids: toolCallIds } = file;
  return {
    ...(capacity && {
      capacity: {
        concurrency: capacity.concurrency,
        queue: capacity.queue ?? defaultQueue.queue,
        queueMs: capacity.queue_ms ?? defaultQueue.queueMs,
      },
    }),
    ...(check && {
      healthCheck: {
        path: check.path ?? defaultHealthCheck.path,
        intervalMs: check.interval_ms ?? defaultHealthCheck.intervalMs,
        timeoutMs: check.timeout_ms ?? defaultHealthCheck.timeoutMs,
        failures: check.failures ?? defaultHealthCheck.failures,
      },
    }),
    ...(metrics && {
      loadMetrics: {
        path: metrics.path ?? defaultLoadMetrics.path,
        intervalMs: metrics.interval_ms ?? defaultLoadMetrics.intervalMs,
        timeoutMs: metrics.timeout_ms ?? defaultLoadMetrics.timeoutMs,
      },
    }),
    ...(toolCallIds && { toolCallIds }),
  };
}

/** Only what is written: a route without any of it is as it was. */
export function routeResilienceOf(file: RouteFile): Pick<RouteConfig, 'hedge' | 'session' | 'degrade'> {
  const { hedge, session, overload } = file;
  return {
    ...(hedge && {
      hedge: {
        quantile: hedge.quantile ?? defaultHedge.quantile,
        minMs: hedge.min_ms ?? defaultHedge.minMs,
        maxShare: hedge.max_share ?? defaultHedge.maxShare,
      },
    }),
    ...(session && {
      session: {
        stay: session.stay ?? defaultSession.stay,
        switchMargin: session.switch_margin ?? defaultSession.switchMargin,
        cacheLifetimeMs: (session.cache_lifetime_s ?? defaultSession.cacheLifetimeS) * 1_000,
      },
    }),
    ...(overload?.degrade === true && { degrade: true }),
  };
}

/** Only what is written; upstream/ has the defaults. */
export function upstreamLimitsOf(file: ConfigFile['limits']): Config['limits']['upstream'] {
  const written = {
    retryWaitMs: file?.retry_wait_ms,
    backoffTries: file?.backoff_tries,
    failuresToOpen: file?.breaker?.failures,
    errorRate: file?.breaker?.error_rate,
    slowMs: file?.breaker?.slow_ms,
    slowRate: file?.breaker?.slow_rate,
    cooldownMs: file?.breaker?.cooldown_ms,
    maxCooldownMs: file?.breaker?.max_cooldown_ms,
  };
  return Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined));
}
