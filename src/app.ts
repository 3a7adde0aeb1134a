import type { FastifyInstance } from 'fastify';
import { createAuthenticator } from './app/access.ts';
import { estimateCostUsd } from './app/estimate-cost.ts';
import { listModels } from './app/listing.ts';
import { keepRetention } from './app/retention.ts';
import { assembleRouting } from './app/routing.ts';
import { describeStoreEvent } from './app/store-events.ts';
import { createBackends, checkTarget } from './backends/index.ts';
import type { RecordedLookup } from './backends/simulated.ts';
import type { Config } from './config/config.ts';
import { systemClock, type Clock } from './core/clock.ts';
import { messageOf } from './core/errors.ts';
import { newId, newOrderedId } from './core/ids.ts';
import { seededRandom } from './core/random.ts';
import type { Gateway } from './http/gateway.ts';
import { createServer } from './http/server.ts';
import { createLearning, type Learning } from './learning/learning.ts';
import { createBudgets, type Budgets } from './limits/budgets.ts';
import { openStore, type SqliteStore } from './outcomes/store.ts';
import type { Router } from './routing/router.ts';
import type { Logger } from './telemetry/logger.ts';
import { createMetrics } from './telemetry/metrics.ts';
import { createUpstream } from './upstream/upstream.ts';

export interface AppOptions {
  readonly logger: Logger;
  readonly clock?: Clock;
  /** What simulated models answer where a data set is replayed through the gateway. */
  readonly recorded?: RecordedLookup;
}

/** A gateway that is ready to listen, or to be asked with `server.inject`. */
export interface App {
  readonly server: FastifyInstance;
  readonly router: Router;
  readonly learning: Learning;
  readonly store: SqliteStore;
  /** Ends requests that run, then writes what waits and saves what was learned. */
  close(): Promise<void>;
}

/** Wires the rooms. Throws `invalid_config` or `invalid_data` where they do not fit together. */
export async function buildApp(config: Config, options: AppOptions): Promise<App> {
  const { logger, clock = systemClock } = options;
  const models = new Map(config.models.map((model) => [model.id, model]));
  for (const model of config.models) for (const target of model.targets) checkTarget(target);

  const routing = await assembleRouting(config, (route, what, cause) => {
    logger.warn({ route, what, cause }, 'A prediction fell back.');
  });
  const { router } = routing;

  const store = await openStore({
    path: config.storage.path,
    clock,
    embedder: routing.embedder.id,
    onEvent: (event) => describeStoreEvent(event, logger),
  });
  const learning = createLearning({
    store,
    clock,
    snapshotEvery: config.learning.snapshotEvery,
    onTrouble: (message) => logger.warn({}, message),
  });
  routing.teach(learning);
  const budgets = createBudgets({
    clock,
    limits: { perGateway: config.limits.usdPerDay, perRoute: limitsOf(config.routes), perKey: limitsOf(config.keys) },
  });
  await Promise.all([learning.start(), recallSpending(budgets, store, logger)]);

  const upstream = createUpstream({
    backends: createBackends({ clock, recorded: options.recorded }),
    clock,
    random: seededRandom(newId('')),
    settings: { maxAttempts: config.limits.maxAttempts },
  });
  const metrics = createMetrics();
  metrics.watchStore(() => store.health());
  metrics.watchLearners(() => new Map([['all', learning.health().lag]]));

  const isUp = (id: string): boolean => {
    const model = models.get(id);
    return model !== undefined && upstream.health.isUp(model);
  };
  const routable = config.routes.some((route) => route.models.some((id) => models.get(id)?.price));
  const gateway: Gateway = {
    clock,
    metrics,
    loopbackOnly: config.auth === 'loopback',
    bodyLimitBytes: config.listen.bodyLimitBytes,
    authenticate: createAuthenticator(config),
    resolve: (name) => router.resolve(name),
    decide: (query, resolved) => router.decide(query, resolved, { id: newOrderedId('dec_', clock.now()), isUp }),
    reserve: (decision, query, { caller }) =>
      budgets.reserve(decision.route, caller.key, estimateCostUsd(decision, query, models)),
    execute: (decision, query, body, includeUsage, sink) =>
      upstream.execute(decision, models, query, body, includeUsage, sink),
    decided: (record) => store.decision(record),
    completed(completion, route) {
      store.completion(completion);
      learning.measured(completion, route);
    },
    feedback: (reward, caller) => learning.accept(reward, caller),
    listModels: (access) => listModels(config, access),
    notReady: () => (routable ? null : 'no route has a model with a known price'),
  };
  const endRetention = keepRetention(config, store, routing.learners, logger);
  const server = createServer(gateway, { logger });
  return {
    server,
    router,
    learning,
    store,
    async close() {
      endRetention();
      await server.close();
      await upstream.close();
      await learning.close();
      await store.close();
    },
  };
}

function limitsOf(
  entries: readonly { readonly name: string; readonly usdPerDay: number | null }[],
): Map<string, number> {
  return new Map(entries.flatMap(({ name, usdPerDay }) => (usdPerDay === null ? [] : [[name, usdPerDay] as const])));
}

/** What was spent today counts against today's limits, restart or not. Without the log they start from nothing. */
async function recallSpending(budgets: Budgets, store: SqliteStore, logger: Logger): Promise<void> {
  try {
    budgets.seed(await store.spend(budgets.startOfDay()));
  } catch (cause) {
    logger.warn({ cause: messageOf(cause) }, "Today's spending could not be read: limits count from now.");
  }
}
