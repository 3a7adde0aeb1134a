import { PointsmanError } from '../core/errors.ts';
import type { OutcomeStore } from '../core/outcome.ts';

/** A database as a source of events. Kept inside it, so that a new file is a new producer whose `seq` starts again. */
export interface Producer {
  readonly id: string;
  /** Its events are those after this `seq`. */
  readonly start: number;
}

/** Kept beside the snapshots; no learner has this name. */
const place = 'queue/producer';
const version = 1;

/** By store: whoever asks first while nobody is known would else be told another name than the second. */
const asked = new WeakMap<OutcomeStore, Promise<Producer>>();

/** Who this database is; it becomes somebody where it is nobody yet. Rejects where the store cannot be used. */
export function readProducer(store: OutcomeStore, newId: () => string): Promise<Producer> {
  const answer = asked.get(store) ?? findProducer(store, newId);
  asked.set(store, answer);
  // A store that cannot be used now is asked again.
  answer.catch(() => asked.delete(store));
  return answer;
}

async function findProducer(store: OutcomeStore, newId: () => string): Promise<Producer> {
  const known = await store.loadSnapshot(place);
  if (known === null) return writeProducer(store, { id: newId(), start: 0 }, 0);
  const { id, start } = known.state.data;
  if (known.state.version === version && typeof id === 'string' && typeof start === 'number') return { id, start };
  throw new PointsmanError('invalid_data', 'The database does not say who it is in a way that this version can read.');
}

/** @param generation counts how often this database became another producer. */
export async function writeProducer(store: OutcomeStore, producer: Producer, generation: number): Promise<Producer> {
  const { id, start } = producer;
  await store.saveSnapshot(place, { seq: generation, state: { version, data: { id, start }, arrays: {} } });
  asked.set(store, Promise.resolve(producer));
  return producer;
}
