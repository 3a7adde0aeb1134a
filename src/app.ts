import type { FastifyInstance } from 'fastify';
import { estimateCostUsd } from './app/estimate-cost.ts';
import { beginGeneration, planGeneration, refuseColdChanges, type Generation } from './app/generation.ts';
import { listModels } from './app/listing.ts';
import { changedTargets } from './app/changed-targets.ts';
import { createConversations } from './app/conversations.ts';
import { createReloader } from './app/reloader.ts';
import { canaryState, tellCanary } from './app/canary-control.ts';
import { tellLearner } from './app/learner-control.ts';
import { createAside } from './app/aside.ts';
import { createJudging } from './app/judging.ts';
import { judgePurpose, secondPurpose, shadowPurpose } from './app/purposes.ts';
import { queueState } from './app/queue-state.ts';
import { createSecondAnswers } from './app/second-answers.ts';
import { describeStoreEvent } from './app/store-events.ts';
import { upstreamPlanOf } from './app/upstream-plan.ts';
import { createBackends } from './backends/index.ts';
import { probeTarget } from './backends/probe.ts';
import type { RecordedLookup } from './backends/simulated.ts';
import type { Config } from './config/config.ts';
import type { Model, Target } from './core/candidate.ts';
import { systemClock, type Clock } from './core/clock.ts';
import type { Decision } from './core/decision.ts';
import { messageOf, PointsmanError } from './core/errors.ts';
import { newId, newOrderedId } from './core/ids.ts';
import { seededRandom } from './core/random.ts';
import type { Reward } from './core/outcome.ts';
import type { Gateway } from './http/gateway.ts';
import { canaryEndpoint } from './http/canary.ts';
import { learnersEndpoint } from './http/learners.ts';
import { reloadEndpoint } from './http/reload.ts';
import { createServer } from './http/server.ts';
import type { Learning } from './learning/learning.ts';
import { createBudgets, type BudgetLimits, type Budgets } from './limits/budgets.ts';
import { createAgreement } from './judge/agreement.ts';
import { createRewarder } from './rewards/rewarder.ts';
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
  /** Reads the configuration again, for reloads. Left out: there is no file to read. */
  readonly reread?: () => Config;
}

/** A gateway that is ready to listen, or to be asked with `server.inject`. */
export interface App {
  readonly server: FastifyInstance;
  readonly router: Router;
  readonly learning: Learning;
  readonly store: SqliteStore;
  /**
   * Takes the YAML over as it is now. Throws `invalid_config` or `invalid_data` and keeps everything as it was where it
   * does not fit. Requests that run end as they began.
   */
  reload(): Promise<void>;
  /** Ends requests that run, then writes what waits and saves what was learned. */
  close(): Promise<void>;
}

/** Wires the rooms. Throws `invalid_config` or `invalid_data` where they do not fit together. */
export async function buildApp(config: Config, options: AppOptions): Promise<App> {
  const { logger, clock = systemClock } = options;
  const plan = await planGeneration(config, logger);
  const store = await openStore({
    path: config.storage.path,
    clock,
    embedder: plan.routing.embedder.id,
    onEvent: (event) => describeStoreEvent(event, logger),
  });
  const budgets = createBudgets({ clock, limits: limitsOf(config) });
  const upstream = createUpstream({
    backends: createBackends({ clock, recorded: options.recorded }),
    clock,
    random: seededRandom(newId('')),
    settings: { maxAttempts: config.limits.maxAttempts, ...config.limits.upstream },
    probe: probeTarget,
  });
  const surroundings = { store, clock, logger, isUp: (model: Model) => upstream.health.isUp(model) };
  const [first] = await Promise.all([
    beginGeneration(plan, surroundings),
    recallSpending(budgets, (rows) => budgets.seed(rows), store, logger),
  ]);
  const conversations = createConversations(clock);
  conversations.adopt(config);
  let current: Generation = first;
  const targets = (): readonly Target[] => current.config.models.flatMap((model) => model.targets);
  // Loaded where it is used: the Redis client is large.
  const sharing =
    config.queue.type === 'embedded'
      ? null
      : (await import('./app/sharing.ts')).beginSharing(config.queue, {
          budgets,
          upstream,
          conversations,
          store,
          clock,
          logger,
          targets,
        });
  await sharing?.begun;
  current.serve();
  upstream.adopt(upstreamPlanOf(config));

  const metrics = createMetrics();
  metrics.watchStore(() => store.health());
  metrics.watchUpstream(() => upstream.state());
  metrics.watchLearners(() => new Map([['all', current.learning.health().lag]]));
  metrics.watchQueue(config.queue.type, () => queueState(current.learning));

  /** Only where deciding takes time can the configuration change between a decision and its calls. */
  let decidedIn: WeakMap<Decision, Generation> | null = null;
  const generationOf = (decision: Decision): Generation => decidedIn?.get(decision) ?? current;

  const take = async (next: Config): Promise<void> => {
    refuseColdChanges(current.config, next);
    await current.learning.handOver();
    const begun = await beginGeneration(await planGeneration(next, logger, current.routing.embedder), surroundings);
    if (!begun.learning.health().started) {
      await begun.retire();
      throw new PointsmanError('storage_unavailable', 'What was learned cannot be read now. Reload again when it can.');
    }
    const old = current;
    current = begun;
    begun.serve();
    upstream.forget(changedTargets(old.config, next));
    upstream.adopt(upstreamPlanOf(next));
    conversations.adopt(next);
    await Promise.all([old.retire(), recallSpending(budgets, budgets.relimit(limitsOf(next)), store, logger)]);
  };
  const reload = createReloader({ reread: options.reread ?? null, take, logger, metrics });

  const agreement = createAgreement();
  const give = (reward: Reward): void => {
    current.learning.accept(reward, null).then(
      ({ type }) => metrics.rewarded(reward.source, type),
      // Like all that the gateway says itself: lost with its decision when the database is.
      () => undefined,
    );
  };
  metrics.watchJudge(() => agreement.read());
  const onTrouble = (message: string): void => logger.warn({}, message);
  const aside = createAside({ clock, store, budgets, upstream, metrics });
  const judging = createJudging({ aside, clock, agreement, current: () => current, give, onTrouble });
  const askSecond = createSecondAnswers({
    aside,
    store,
    clock,
    current: () => current,
    score(route, watched, answer, model) {
      rewarder.score(route, watched, answer);
      judging.second(route, watched, answer, model);
    },
    measured: (completion, purpose) => current.learning.measured(completion, purpose),
    onTrouble,
  });
  const rewarder = createRewarder({
    clock,
    rulesOf: (route) => current.routing.rewardRules.get(route) ?? null,
    give,
    onAnswer(watched, answer, servedModel) {
      judging.answered(watched, answer, servedModel);
      askSecond(watched, answer, servedModel);
    },
    onTrouble,
  });
  const sweeper = setInterval(() => rewarder.sweep(), 1_000).unref();

  const gateway: Gateway = {
    clock,
    metrics,
    loopbackOnly: config.auth === 'loopback',
    bodyLimitBytes: config.listen.bodyLimitBytes,
    authenticate: (secret) => current.authenticate(secret),
    resolve: (name) => current.routing.router.resolve(name),
    decide(query, resolved, _access, body, headers) {
      const generation = current;
      const { router } = generation.routing;
      const id = newOrderedId('dec_', clock.now());
      const turn = body && headers ? conversations.begin(id, query, resolved, body, headers) : null;
      const { isUp } = generation;
      const decided = router.decide(query, resolved, turn === null ? { id, isUp } : { id, isUp, ...turn });
      if (!(decided instanceof Promise)) return decided;
      const remember = (decidedIn ??= new WeakMap());
      return decided.then((decision) => {
        remember.set(decision, generation);
        return decision;
      });
    },
    reserve: (decision, query, { caller }) =>
      budgets.reserve(decision.route, caller.key, estimateCostUsd(decision, query, generationOf(decision).models)),
    execute(decision, query, body, includeUsage, sink) {
      const generation = generationOf(decision);
      // Routes that read nothing between the lines have no rules, and their answers no second reader.
      const out = generation.routing.rewardRules.size === 0 ? sink : rewarder.watch({ decision, query, body }, sink);
      upstream.execute(decision, generation.models, query, body, includeUsage, out);
    },
    decided: (record) => store.decision(record),
    completed(completion, route) {
      store.completion(completion);
      conversations.completed(completion);
      current.learning.measured(completion, route);
    },
    async feedback(reward, caller) {
      const receipt = await current.learning.accept(reward, caller);
      if (receipt.type === 'accepted' && reward.quantity === 'quality')
        agreement.labelled(reward.decision, reward.value);
      return receipt;
    },
    listModels: (access) => listModels(current.config, access),
    notReady: () => (current.routable ? null : 'no route has a model with a known price'),
    troubles: () =>
      current.learning.health().trouble === null ? [] : ['learning stands still; the log of the gateway says why'],
  };
  const server = createServer(gateway, { logger });
  canaryEndpoint(server, gateway, {
    everybody: config.auth === 'none',
    state: (name) => canaryState(current.routing.router.routes.get(name)),
    async act(name, action) {
      const route = current.routing.router.routes.get(name);
      if (route !== undefined) await tellCanary(route, action, { store, clock, learning: current.learning });
    },
  });
  learnersEndpoint(server, gateway, {
    everybody: config.auth === 'none',
    standings: () => new Map([...current.routing.governed].map(([name, { standing }]) => [name, standing])),
    act: (name, word) => tellLearner(name, word, current.config, { store, clock, learning: current.learning }),
  });
  reloadEndpoint(server, gateway, { reload, everybody: config.auth === 'none' });
  return {
    server,
    store,
    get router() {
      return current.routing.router;
    },
    get learning() {
      return current.learning;
    },
    reload,
    async close() {
      await server.close();
      clearInterval(sweeper);
      rewarder.close();
      await sharing?.close();
      await upstream.close();
      await current.retire();
      await current.routing.embedder.close?.();
      await store.close();
    },
  };
}

function limitsOf({ limits, routes, keys, judge }: Config): BudgetLimits {
  const perRoute = limited(routes);
  if (judge !== null) perRoute.set(judgePurpose, judge.usdPerDay);
  for (const { name, shadow, second } of routes) {
    if (shadow !== null) perRoute.set(shadowPurpose(name), shadow.usdPerDay);
    if (second !== undefined) perRoute.set(secondPurpose(name), second.usdPerDay);
  }
  return { perGateway: limits.usdPerDay, perRoute, perKey: limited(keys) };
}

function limited(
  entries: readonly { readonly name: string; readonly usdPerDay: number | null }[],
): Map<string, number> {
  return new Map(entries.flatMap(({ name, usdPerDay }) => (usdPerDay === null ? [] : [[name, usdPerDay] as const])));
}

/** What was spent today counts against today's limits, restart or not. Without the log they start from nothing. */
async function recallSpending(
  budgets: Budgets,
  seed: Budgets['seed'],
  store: SqliteStore,
  logger: Logger,
): Promise<void> {
  try {
    seed(await store.spend(budgets.startOfDay()));
  } catch (cause) {
    logger.warn({ cause: messageOf(cause) }, "Today's spending could not be read: limits count from now.");
  }
}
