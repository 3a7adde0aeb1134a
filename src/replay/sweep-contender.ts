import { PointsmanError } from '../core/errors.ts';
import type { Embedder } from '../core/embedder.ts';
import type { Catalogue } from '../routing/catalogue.ts';
import type { Route } from '../routing/route.ts';
import type { Contender, Origin } from './contenders.ts';
import type { Options } from './cross-predict.ts';
import type { Dataset } from './datasets/dataset.ts';
import { rowCount } from './datasets/dataset.ts';
import type { EmbeddedDataset } from './embedded.ts';
import { slotsOf, type Fitted } from './fitted.ts';
import { runExec } from './outside/exec-router.ts';
import { choicesSweep, estimatesFor, toldRows } from './outside/told-rows.ts';
import {
  axisOf,
  predictRows,
  sweepPolicy,
  type PolicySweep,
  type RowPredictions,
  type SweepAxis,
} from './policy-sweep.ts';
import type { OnProgress } from './progress.ts';
import { routeOf, toldSlots } from './route-of.ts';
import { createTally } from './tally.ts';

/** What one split gives a contender to work with. */
export interface SplitBed {
  /** With what this split's training may know. */
  readonly train: Dataset;
  /** The same rows without a model that is new in this split: every outcome is known. */
  readonly whole: Dataset;
  readonly test: EmbeddedDataset;
  readonly fitted: ReadonlyMap<string, Fitted>;
  readonly embedder: Embedder;
  readonly catalogue: Catalogue;
  /** The catalogue is Pointsman's own. */
  readonly own: boolean;
  /** False where the rules of the training rows allow evaluation only. */
  readonly mayLearn: boolean;
  readonly seed: string;
  /** The same in every split. */
  readonly lambdas: Float64Array;
  readonly exec: { readonly timeoutMs: number; readonly fitTimeoutMs: number };
  readonly onProgress: OnProgress;
}

/** A contender on one split. */
export interface ContenderSweep {
  readonly label: string;
  readonly policy: string;
  readonly options: Options;
  /** What predicted, and how it was tuned; null where nothing was fitted. */
  readonly fitted: Pick<Fitted, 'name' | 'tuned'> | null;
  readonly origin: Origin;
  readonly sweep: PolicySweep;
  /** Of what really ran elsewhere and was timed: one number a query; null for our own code. */
  readonly latencyMs: Float64Array | null;
}

/** Rejects with `invalid_data` and `invalid_config`. */
export async function sweepContender(contender: Contender, bed: SplitBed): Promise<ContenderSweep> {
  const { test } = bed;
  const models = test.dataset.models;
  const route = (slots: Parameters<typeof routeOf>[0]['slots'], policy = { name: 'cost-aware' }): Route =>
    routeOf({ ...bed, policy, models, slots, train: bed.whole });
  const told = (made: Route, label: string, predictions: RowPredictions): Omit<ContenderSweep, 'latencyMs'> => ({
    label,
    policy: made.policy.name,
    options: optionsOf(made),
    fitted: null,
    origin: 'original predictions, our rule',
    sweep: sweep(made, label, predictions, bed),
  });
  switch (contender.type) {
    case 'policy': {
      const { policy, estimator } = contender;
      const fitted = estimator === null ? null : (bed.fitted.get(estimator) ?? null);
      const made = routeOf({
        ...bed,
        policy,
        models,
        slots: fitted === null ? {} : slotsOf(fitted, bed.embedder),
        train: bed.whole,
      });
      const label = fitted === null ? policy.name : `${policy.name} · ${fitted.name}`;
      const predictions = predictRows(made, test);
      return {
        label,
        policy: policy.name,
        options: optionsOf(made),
        fitted,
        origin: 'reimplemented here',
        sweep: sweep(made, label, predictions, bed),
        latencyMs: null,
      };
    }
    case 'estimates': {
      const { policy, file } = contender;
      const made = routeOf({ ...bed, policy, models, slots: toldSlots(file.name), train: bed.whole });
      const predictions = toldRows(estimatesFor(file, test.dataset), test.dataset, bed.train);
      return { ...told(made, `${policy.name} · ${file.name}`, predictions), latencyMs: null };
    }
    case 'choices': {
      const { file } = contender;
      const numbers = file.settings.map(Number);
      const isOne = file.settings.length === 1;
      const values = Float64Array.from(numbers.some(Number.isNaN) ? numbers.keys() : numbers);
      const axis: SweepAxis = isOne ? { type: 'point' } : { type: 'option', option: 'setting', values };
      return {
        label: file.name,
        policy: file.name,
        options: {},
        fitted: null,
        origin: 'original code',
        sweep: { ...choicesSweep(file, test.dataset), axis, degraded: {}, predicted: { quality: null, costUsd: null } },
        latencyMs: null,
      };
    }
    case 'exec':
      return await sweepExec(contender.command, bed, (label, predictions) =>
        told(route(toldSlots(label)), label, predictions),
      );
    default:
      return contender satisfies never;
  }
}

/** A program of somebody else: it chooses by itself, or tells estimates that our rule trades off. */
async function sweepExec(
  command: string,
  bed: SplitBed,
  byOurRule: (label: string, predictions: RowPredictions) => Omit<ContenderSweep, 'latencyMs'>,
): Promise<ContenderSweep> {
  const { train, seed, exec, lambdas, onProgress } = bed;
  const { dataset } = bed.test;
  const run = await runExec({
    command,
    seed,
    lambdas,
    train: bed.mayLearn ? train : null,
    test: dataset,
    ...exec,
    onStep: (done, total) => onProgress({ stage: 'sweep', what: `exec:${command}`, done, total }),
  });
  const label = run.name ?? `exec:${command}`;
  const { latencyMs } = run;
  const estimates = run.answers.flatMap((answer) => (answer.type === 'estimates' ? [answer] : []));
  if (estimates.length === rowCount(dataset)) {
    return { ...byOurRule(label, toldRows(estimates, dataset, train)), latencyMs };
  }
  const [first] = run.answers;
  if (first?.type !== 'chances') throw new PointsmanError('internal_error', `${command} gave answers of two types.`);
  const tally = createTally(dataset, first.ways);
  const width = dataset.models.length;
  run.answers.forEach((answer, row) => {
    if (answer.type !== 'chances') return;
    for (let way = 0; way < answer.ways; way++) {
      tally.add(way, row, answer.chances.subarray(way * width, (way + 1) * width));
    }
  });
  return {
    label,
    policy: `exec:${command}`,
    options: {},
    fitted: null,
    origin: 'original code',
    sweep: {
      ...tally.finish(),
      axis: first.ways === 1 ? { type: 'point' } : { type: 'lambda', values: lambdas },
      degraded: {},
      predicted: { quality: null, costUsd: null },
    },
    latencyMs,
  };
}

function sweep(route: Route, label: string, predictions: RowPredictions, bed: SplitBed): PolicySweep {
  const { dataset } = bed.test;
  return sweepPolicy(route, dataset, predictions, {
    axis: axisOf(route, dataset, predictions, bed.lambdas),
    seed: bed.seed,
    isPlainArgmax: bed.own && route.policy.name === 'cost-aware',
    onStep: (done, total) => bed.onProgress({ stage: 'sweep', what: label, done, total }),
  });
}

function optionsOf(route: Route): Options {
  const { options } = route.policy;
  return isOptions(options) ? options : {};
}

const isOptions = (value: unknown): value is Options => typeof value === 'object' && value !== null;
