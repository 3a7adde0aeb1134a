import { messageOf } from '../core/errors.ts';
import type { OutcomeStore } from '../core/outcome.ts';
import type { State } from '../core/state.ts';
import type { Pupil } from './fold.ts';

/**
 * Puts a learner where its newest loadable snapshot left it. A snapshot that the learner refuses (another version or
 * shape) is passed over for the one before; with none left the learner is as it was registered and the whole log
 * follows. Returns the `seq` up to which its state is a fold; 0: of nothing. Rejects where the store cannot be read.
 */
export async function restore(store: OutcomeStore, pupil: Pupil, report: (message: string) => void): Promise<number> {
  const fresh: State = pupil.learner.save();
  let before = Number.MAX_SAFE_INTEGER;
  for (;;) {
    const snapshot = await store.loadSnapshot(pupil.name, before);
    pupil.head = snapshot?.seq ?? 0;
    if (snapshot === null) {
      // A refused load may have left half a state behind.
      if (before !== Number.MAX_SAFE_INTEGER) pupil.learner.load(fresh);
      return 0;
    }
    try {
      pupil.learner.load(snapshot.state);
      pupil.saved = snapshot.seq;
      return snapshot.seq;
    } catch (error) {
      report(`The snapshot of ${pupil.name} at reward ${snapshot.seq} is not used: ${messageOf(error)}`);
      before = snapshot.seq;
    }
  }
}
