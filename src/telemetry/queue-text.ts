import { headText, labelText, sampleText } from './series.ts';

/** What waits between feedback and the states that serve; read at every scrape. */
export interface QueueState {
  readonly lagSeconds: number;
  readonly spooled: number;
  readonly depth: number;
  readonly delivered: number;
  readonly refused: number;
  /** By learner, in configured names. */
  readonly versions: ReadonlyMap<string, number>;
}

type Series = readonly [name: string, type: 'gauge' | 'counter', help: string, value: number];

/** Prometheus text. `engine` is what `queue.type` says. */
export function queueText(state: QueueState, engine: string): string {
  const labels = labelText(['engine'], [engine]);
  const series: readonly Series[] = [
    ['queue_depth', 'gauge', 'Facts handed over and not yet in the states that serve.', state.depth],
    ['queue_spooled', 'gauge', 'Facts that only the database has: Redis did not take them yet.', state.spooled],
    ['queue_lag_seconds', 'gauge', 'Age of the oldest fact that the states do not hold.', state.lagSeconds],
    ['queue_delivered_total', 'counter', 'Facts folded, or taken by the log in Redis.', state.delivered],
    ['queue_refused_total', 'counter', 'Batches not sent, states not usable, learners broken.', state.refused],
  ];
  let text = '';
  for (const [name, type, help, value] of series) {
    text += headText(`pointsman_${name}`, help, type) + sampleText(`pointsman_${name}`, labels, value);
  }
  if (state.versions.size === 0) return text;
  const version = 'pointsman_learner_state_version';
  text += headText(version, 'Number of the last event in the state that serves.', 'gauge');
  for (const [learner, n] of state.versions) text += sampleText(version, labelText(['learner'], [learner]), n);
  return text;
}
