import { createHash } from 'node:crypto';
import { loadArtefact, restoreEstimator, type Artefact } from '../artefacts/load-artefact.ts';
import type { Config, EstimatorConfig } from '../config/config.ts';
import type { Embedder } from '../core/embedder.ts';
import { PointsmanError } from '../core/errors.ts';
import type { Quantity } from '../core/estimator.ts';
import type { Catalogue } from '../routing/catalogue.ts';
import { checkOptions } from '../routing/options.ts';
import type { EstimatorSlot } from '../routing/predictor.ts';

/** One estimator of the process: an entry of the YAML, for one quantity, shared by every route that names it. */
export interface SharedEstimator extends EstimatorSlot {
  readonly quantity: Quantity;
  /** Feedback and measurements of these routes change it. */
  readonly routes: Set<string>;
  readonly learns: boolean;
  /**
   * Under which its snapshots are kept. Changes with its type, options, artefact and embedder, so that learned state is
   * never mistaken for that of another configuration: the log is then folded anew.
   */
  readonly learner: string;
}

/** Builds each estimator that some route names, once. Throws `invalid_config` or `invalid_data` naming the entry. */
export function createEstimators(config: Config, catalogue: Catalogue, embedder: Embedder): readonly SharedEstimator[] {
  const entries = new Map(config.estimators.map((entry) => [entry.name, entry]));
  const artefacts = new Map<string, Artefact>();
  const artefactAt = (path: string): Artefact => {
    const loaded = artefacts.get(path) ?? loadArtefact(path);
    artefacts.set(path, loaded);
    return loaded;
  };
  const shared = new Map<string, SharedEstimator>();
  for (const route of config.routes) {
    for (const [quantity, name] of namedBy(route.estimators)) {
      const key = `${name}/${quantity}`;
      const entry = entries.get(name);
      if (entry === undefined) {
        throw new PointsmanError(
          'invalid_config',
          `${config.locate(`routes.${route.name}.estimators`)}: no "${name}".`,
        );
      }
      const artefact = entry.artefactPath === null ? null : artefactAt(entry.artefactPath);
      const estimator = shared.get(key) ?? build(entry, quantity, artefact, catalogue, embedder, config);
      estimator.routes.add(route.name);
      shared.set(key, estimator);
    }
  }
  return [...shared.values()];
}

function build(
  entry: EstimatorConfig,
  quantity: Quantity,
  artefact: Artefact | null,
  catalogue: Catalogue,
  embedder: Embedder,
  config: Config,
): SharedEstimator {
  const path = `estimators.${entry.name}`;
  const type = entry.type ?? artefact?.manifest.recommended ?? '';
  const definition = catalogue.estimators.get(type);
  if (definition === undefined) {
    const known = [...catalogue.estimators.keys()].join(', ');
    throw new PointsmanError('invalid_config', `${config.locate(path)}: no estimator type "${type}" (${known}).`);
  }
  if (!definition.quantities.includes(quantity)) {
    const can = definition.quantities.join(', ');
    throw new PointsmanError('invalid_config', `${config.locate(path)}: "${type}" predicts ${can}, not ${quantity}.`);
  }
  const options = checkOptions(`estimator ${type}`, definition.options, entry.options, path);
  const estimator =
    artefact === null
      ? definition.create(options, { quantity, dimensions: embedder.dimensions })
      : restoreEstimator(artefact, { estimator: type, quantity, definition, embedder });
  const identity = [type, options, embedder.id, artefact?.entry(type, quantity)?.sha256 ?? null];
  const fingerprint = createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 12);
  return {
    name: entry.name,
    type,
    quantity,
    estimator,
    definition,
    fingerprint,
    routes: new Set(),
    learns: entry.learn && config.learning.enabled,
    learner: `${entry.name}/${quantity}/${fingerprint}`,
  };
}

function namedBy(estimators: Readonly<Partial<Record<Quantity, string>>>): readonly (readonly [Quantity, string])[] {
  const quantities: readonly Quantity[] = ['quality', 'cost', 'latency', 'output_tokens'];
  return quantities.flatMap((quantity) => {
    const name = estimators[quantity];
    return name === undefined ? [] : [[quantity, name] as const];
  });
}
