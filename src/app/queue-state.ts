import type { Learning } from '../learning/learning.ts';
import type { QueueState } from '../telemetry/queue-text.ts';
import { learnerName } from './control-route.ts';

/** For `/metrics`, with the names of learners that people say. */
export function queueState(learning: Learning): QueueState {
  const figures = learning.figures();
  return { ...figures, versions: new Map([...figures.versions].map(([id, n]) => [learnerName(id), n])) };
}
