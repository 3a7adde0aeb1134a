import { messageOf } from '../core/errors.ts';
import type { Learner, Observation } from '../core/learner.ts';

/** What decides whether a learner wants a fact. */
export type Subject = Pick<Observation, 'route' | 'model' | 'quantity'>;

/** A learner with its place in the log. */
export interface Pupil {
  readonly name: string;
  readonly learner: Learner;
  readonly accepts: (subject: Subject) => boolean;
  /** The last `seq` it has passed, folded in or not meant for it. */
  head: number;
  /** The `seq` of its last good snapshot. */
  saved: number;
  /** Folded in since the last try at a snapshot. */
  unsaved: number;
  /** It knows something that no good snapshot holds. */
  dirty: boolean;
  /** An update threw: its state is no fold any more, so it is not saved. */
  broken: boolean;
}

/** A learner that has passed nothing yet. */
export function newPupil(name: string, learner: Learner, accepts: (subject: Subject) => boolean): Pupil {
  return { name, learner, accepts, head: 0, saved: 0, unsaved: 0, dirty: false, broken: false };
}

/** A learner that the traffic passes by still moves its snapshot on, or the log could never be shortened. */
const idleFactor = 20;

/** Time for a snapshot. */
export function snapshotDue(pupil: Pupil, snapshotEvery: number): boolean {
  if (pupil.broken) return false;
  return pupil.unsaved >= snapshotEvery || pupil.head - pupil.saved >= snapshotEvery * idleFactor;
}

/**
 * Folds one observation into everyone it is meant for, exactly once: what a pupil has passed it never sees again.
 * `report` hears of a learner that threw, once.
 */
export function foldOne(pupils: readonly Pupil[], observation: Observation, report: (message: string) => void): void {
  for (const pupil of pupils) {
    if (observation.seq <= pupil.head) continue;
    pupil.head = observation.seq;
    if (pupil.broken || !pupil.accepts(observation)) continue;
    try {
      pupil.learner.update(observation);
      pupil.unsaved++;
      pupil.dirty = true;
    } catch (error) {
      pupil.broken = true;
      report(`The learner ${pupil.name} failed at reward ${observation.seq} and learns no more: ${messageOf(error)}`);
    }
  }
}
