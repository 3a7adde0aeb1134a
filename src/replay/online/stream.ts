import type { Candidate } from '../../core/candidate.ts';
import type { Learner, Observation } from '../../core/learner.ts';
import { seededRandom } from '../../core/random.ts';
import type { Route } from '../../routing/route.ts';
import { inputOf, type EmbeddedDataset } from '../embedded.ts';
import type { Utilities } from '../metrics/utility.ts';
import { candidatesOf } from '../policy-sweep.ts';
import type { Scenario } from './scenario.ts';
import { createWorld, type Moment } from './world.ts';

/** A learner and the facts it wants. */
export interface Student {
  readonly learner: Learner;
  readonly accepts: (observation: Observation) => boolean;
}

/** What a stream runs through: the route that serves, and everything that learns from it. Fresh for every seed. */
export interface Contestant {
  readonly route: Route;
  readonly students: readonly Student[];
  /** Called with every new moment, before the decision: for what follows announced prices. */
  readonly onMoment?: ((moment: Moment) => void) | undefined;
}

/** What happened, step by step, and what else could have. */
export interface Course {
  /** [T] the model asked: its place among the data set's. */
  readonly chosen: Int32Array;
  /** [T] */
  readonly quality: Float64Array;
  /** [T] US dollars, those of a second answer that the policy asked for included. */
  readonly costUsd: Float64Array;
  /** [T] quality of the model asked − lambda x all dollars. */
  readonly utility: Float64Array;
  /** [T] Mean utility of the models there were: what choosing at random is worth. */
  readonly random: Float64Array;
  /** [T] Utility of what the reference would have asked. */
  readonly reference: Float64Array;
  /** [T] The place of what the reference would have asked. */
  readonly referenceChoice: Int32Array;
  /** [M x T] what every model would have been worth; −Infinity where there was no such model. */
  readonly arms: Utilities;
  /** Labels delivered. */
  readonly labels: number;
}

/** Predictions [N x M] of somebody who has seen every outcome but those of the row itself. */
export interface Reference {
  readonly quality: Float64Array;
  readonly costUsd: Float64Array;
}

/**
 * Sends the stream through the code that serves, one request after another, and hands back what a gateway would learn:
 * the cost of the chosen model at once, its quality when, and if, the label comes. Observations are folded in the order
 * in which they arrive. Same seed, same course, bit for bit.
 *
 * @param reference chooses by argmax of quality − lambda x cost; it is told of every event as it happens.
 */
export function runStream(
  contestant: Contestant,
  data: EmbeddedDataset,
  scenario: Scenario,
  reference: Reference,
  lambda: number,
  seed: string,
): Course {
  const { steps, feedback } = scenario;
  const { dataset } = data;
  const models = dataset.models.length;
  const { route, students, onMoment } = contestant;
  const world = createWorld(dataset, scenario, seed);
  const labelling = seededRandom(`${seed}:labels`);
  const course = emptyCourse(steps, models);
  const late: (Observation | null)[] = [];
  const lateSecond: (Observation | null)[] = [];
  let candidates: readonly Candidate[] = [];
  let present = '';
  let seq = 0;
  let labels = 0;

  const fold = (observation: Omit<Observation, 'seq'>): void => {
    const numbered = { ...observation, seq: ++seq };
    for (const { learner, accepts } of students) if (accepts(numbered)) learner.update(numbered);
  };
  const foldSecond = (observation: Observation): void => route.memory?.learner.update({ ...observation, seq: ++seq });

  for (let step = 0; step < steps; step++) {
    const moment = world(step);
    onMoment?.(moment);
    if (moment.present.join() !== present) {
      present = moment.present.join();
      candidates = candidatesOf(moment.present.map((m) => dataset.models[m] ?? ''));
    }
    const input = inputOf(data, moment.row);
    const { predictions } = route.predict(input, candidates);
    const decision = route.choose(candidates, predictions, lambda, seededRandom(`${seed}:${step}`));
    const first = decision.ranking[0] ?? 0;
    const chosen = moment.present[first] ?? 0;
    record(course, step, chosen, moment, reference, lambda);

    const fact = {
      seq: 0,
      decision: `${step}`,
      route: route.name,
      model: candidates[first]?.model ?? '',
      weight: 1,
      propensity: decision.propensities[first] ?? null,
      promptTokens: input.promptTokens,
      embedding: input.embedding,
      note: decision.note,
    };
    const quality = course.quality[step] ?? 0;
    // Two draws a step whatever becomes of them, so that scenarios with other shares see the same luck.
    const labelled = labelling.next() < feedback.share;
    const opposite = labelling.next() < feedback.poisoned;
    late.push(labelled ? { ...fact, quantity: 'quality', value: opposite ? 1 - quality : quality } : null);
    fold({ ...fact, quantity: 'cost', value: course.costUsd[step] ?? 0 });
    const { second } = decision;
    // A second one that is the chosen one has been asked already: its label is one more fact, drawn with a propensity of its own.
    const other = second === undefined ? -1 : (moment.present[second.place] ?? -1);
    if (second === undefined || other < 0) lateSecond.push(null);
    else {
      const told = moment.quality[other] ?? 0;
      const about = { ...fact, model: dataset.models[other] ?? '', propensity: second.propensity, note: [1] };
      const paid = moment.costUsd[other] ?? 0;
      if (other !== chosen) payBeside(course, step, paid, lambda);
      foldSecond({ ...about, quantity: 'cost', value: paid });
      lateSecond.push(labelled ? { ...about, quantity: 'quality', value: opposite ? 1 - told : told } : null);
    }
    const dueSecond = step >= feedback.delay ? lateSecond[step - feedback.delay] : null;
    if (dueSecond !== null && dueSecond !== undefined) {
      foldSecond(dueSecond);
      lateSecond[step - feedback.delay] = null;
    }
    const due = step >= feedback.delay ? late[step - feedback.delay] : null;
    if (due !== null && due !== undefined) {
      labels++;
      fold(due);
      late[step - feedback.delay] = null;
    }
  }
  return { ...course, labels };
}

function emptyCourse(steps: number, models: number): Omit<Course, 'labels'> {
  const doubles = (): Float64Array => new Float64Array(steps);
  return {
    chosen: new Int32Array(steps),
    quality: doubles(),
    costUsd: doubles(),
    utility: doubles(),
    random: doubles(),
    reference: doubles(),
    referenceChoice: new Int32Array(steps),
    arms: { ways: models, queries: steps, values: new Float64Array(models * steps).fill(-Infinity) },
  };
}

function payBeside(course: Omit<Course, 'labels'>, step: number, paid: number, lambda: number): void {
  course.costUsd[step] = (course.costUsd[step] ?? 0) + paid;
  course.utility[step] = (course.utility[step] ?? 0) - lambda * paid;
}

function record(
  course: Omit<Course, 'labels'>,
  step: number,
  chosen: number,
  moment: Moment,
  reference: Reference,
  lambda: number,
): void {
  const { present, quality, costUsd, announced, degradedTo, row } = moment;
  const width = quality.length;
  let sum = 0;
  let best = present[0] ?? 0;
  let bestHope = -Infinity;
  for (const m of present) {
    const utility = (quality[m] ?? 0) - lambda * (costUsd[m] ?? 0);
    sum += utility;
    course.arms.values[m * course.arms.queries + step] = utility;
    const known = degradedTo[m] ?? NaN;
    const expected = Number.isNaN(known) ? (reference.quality[row * width + m] ?? 0) : known;
    const hope = expected - lambda * (reference.costUsd[row * width + m] ?? 0) * (announced[m] ?? 1);
    if (hope > bestHope) {
      bestHope = hope;
      best = m;
    }
  }
  course.chosen[step] = chosen;
  course.quality[step] = quality[chosen] ?? 0;
  course.costUsd[step] = costUsd[chosen] ?? 0;
  course.utility[step] = (quality[chosen] ?? 0) - lambda * (costUsd[chosen] ?? 0);
  course.random[step] = sum / present.length;
  course.reference[step] = (quality[best] ?? 0) - lambda * (costUsd[best] ?? 0);
  course.referenceChoice[step] = best;
}
