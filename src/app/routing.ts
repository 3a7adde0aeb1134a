import type { Config } from '../config/config.ts';
import type { Embedder } from '../core/embedder.ts';
import { PointsmanError } from '../core/errors.ts';
import type { Learner } from '../core/learner.ts';
import { governed, type GovernedLearner } from '../learning/governed.ts';
import type { Subject } from '../learning/fold.ts';
import type { Learning } from '../learning/learning.ts';
import { loadCatalogue } from '../routing/catalogue.ts';
import { createRoute, type Route } from '../routing/route.ts';
import type { SpaceRule } from '../routing/nearest-space.ts';
import { createRouter, type Router } from '../routing/router.ts';
import { createEmbedder } from './embedder.ts';
import type { RewardRules } from '../rewards/rules.ts';
import { secondPurpose } from './purposes.ts';
import { controlRoute, learnerName, learnerRoute } from './control-route.ts';
import { createSpaceRule } from './space-rule.ts';
import { createRewardRules } from './reward-rules.ts';
import { createEstimators, type SharedEstimator } from './learners.ts';

/** Everything that decides, without anything that serves. */
export interface Routing {
  readonly router: Router;
  readonly embedder: Embedder;
  readonly estimators: readonly SharedEstimator[];
  /** Names under which learned state is kept: of estimators that learn, and of policies that remember. */
  readonly learners: readonly string[];
  /** What is in the care of `learning`, by the name that people say; empty before `teach`. */
  readonly governed: ReadonlyMap<string, GovernedLearner>;
  /** By route; routes that read nothing between the lines are not in it. */
  readonly rewardRules: ReadonlyMap<string, RewardRules>;
  /** Puts every estimator that learns and every policy that remembers into the care of `learning`; before its `start`. */
  teach(learning: Pick<Learning, 'register'>): void;
}

/**
 * Throws `invalid_config` or `invalid_data` where policies, estimators, artefacts and models do not fit together.
 *
 * @param onFault is told what fell back on a route, and why.
 * @param running is used instead of a new embedder: a reload keeps the one whose vectors are in use.
 */
export async function assembleRouting(
  config: Config,
  onFault: (route: string, what: string, cause: unknown) => void,
  running: Embedder | null = null,
): Promise<Routing> {
  const models = new Map(config.models.map((model) => [model.id, model]));
  const catalogue = await loadCatalogue({ policyDirs: config.policyDirs, verifierDirs: config.verifierDirs });
  const embedder = running ?? (await createEmbedder(config));
  const estimators = createEstimators(config, catalogue, embedder);
  const spaceRules = new Map<string, SpaceRule | null>();
  for (const route of config.routes) spaceRules.set(route.name, await createSpaceRule(route, embedder));
  const routes = config.routes.map((route): Route => {
    const definition = catalogue.policies.get(route.policy.type);
    if (definition === undefined) {
      const known = [...catalogue.policies.keys()].join(', ');
      const place = config.locate(`routes.${route.name}.policy`);
      throw new PointsmanError('invalid_config', `${place}: there is no policy "${route.policy.type}" (${known}).`);
    }
    if (route.second !== undefined && definition.asksSecond !== true) {
      const asking = [...catalogue.policies].flatMap(([name, each]) => (each.asksSecond === true ? [name] : []));
      const place = config.locate(`routes.${route.name}.second`);
      const why = `policy "${route.policy.type}" never asks for a second answer (${asking.join(', ')} does)`;
      throw new PointsmanError('invalid_config', `${place}: ${why}; leave "second" away.`);
    }
    const own = estimators.filter((each) => each.routes.has(route.name));
    return createRoute({
      name: route.name,
      models: route.models.flatMap((id) => models.get(id) ?? []),
      policy: { name: route.policy.type, definition, options: route.policy.options },
      policies: catalogue.policies,
      estimators: Object.fromEntries(own.map((each) => [each.quantity, each])),
      lambda: route.lambda,
      exploration: { epsilon: route.epsilon },
      embedder,
      spaces: spaceRules.get(route.name) ?? null,
      // Savings are told from these.
      alsoPredicts: route.mode === 'observe' ? ['quality', 'cost'] : [],
      seed: route.name,
      onFault: (what, cause) => onFault(route.name, what, cause),
    });
  });
  // A route that only observes chooses nothing, so its policy has nothing to remember.
  const choosing = new Set(config.routes.flatMap(({ name, mode }) => (mode === 'observe' ? [] : [name])));
  const remembering = config.learning.enabled
    ? routes.flatMap(({ name, memory }) => (memory === null || !choosing.has(name) ? [] : [{ name, memory }]))
    : [];
  const taught = estimators.filter(({ learns }) => learns).map(({ learner }) => learner);
  const learners = [...taught, ...remembering.map(({ memory }) => memory.id)];
  if (config.learning.enabled) checkFrozen(config, learners.map(learnerName));
  const governedByName = new Map<string, GovernedLearner>();
  return {
    rewardRules: createRewardRules(config, catalogue),
    learners,
    governed: governedByName,
    router: createRouter({
      models: config.models,
      routes,
      aliases: config.aliases,
      policies: catalogue.policies,
      observing: config.routes.flatMap(({ name, baseline: id }) => {
        const route = routes.find((each) => each.name === name);
        const baseline = id === null ? undefined : models.get(id);
        return route === undefined || baseline === undefined ? [] : [{ route, baseline }];
      }),
    }),
    embedder,
    estimators,
    teach(learning) {
      const register = (
        id: string,
        learner: Learner,
        accepts: (fact: Subject) => boolean,
        always: (fact: Subject) => boolean = () => false,
      ): void => {
        const wordsFrom = learnerRoute(learnerName(id));
        const own = governed(learner, { wordsFrom, always });
        governedByName.set(learnerName(id), own);
        learning.register(id, own, (fact) => accepts(fact) || fact.route === wordsFrom);
      };
      for (const { learner, estimator, definition, quantity, routes: taughtBy, learns } of estimators) {
        const compares = quantity === 'quality' && definition.takesPreferences === true;
        const wants = (fact: Subject): boolean =>
          fact.quantity === quantity || (compares && fact.quantity === 'preference');
        if (learns) register(learner, estimator, (fact) => wants(fact) && taughtBy.has(fact.route));
      }
      for (const { name, memory } of remembering) {
        const control = controlRoute(name);
        const isWord = (fact: Subject): boolean => fact.route === control;
        const beside = secondPurpose(name);
        // A policy's goals are told in quality and dollars; who won against whom is for estimators.
        const isOwn = (fact: Subject): boolean =>
          fact.quantity !== 'preference' && (fact.route === name || fact.route === beside || isWord(fact));
        register(memory.id, memory.learner, isOwn, isWord);
      }
    },
  };
}

/** Throws `invalid_config` naming an entry of `learning.frozen` that is no learner. */
function checkFrozen({ learning, locate }: Config, names: readonly string[]): void {
  for (const asked of learning.frozen) {
    if (names.some((name) => freezes(asked, name))) continue;
    const known = names.length === 0 ? 'nothing learns' : `what learns is ${names.join(', ')}`;
    throw new PointsmanError('invalid_config', `${locate('learning.frozen')}: no learner "${asked}"; ${known}.`);
  }
}

/** An entry of `learning.frozen` means this learner: by its whole name, or as the estimator with all its quantities. */
export const freezes = (asked: string, name: string): boolean => name === asked || name.startsWith(`${asked}/`);
