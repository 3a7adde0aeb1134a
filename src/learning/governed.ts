import { PointsmanError } from '../core/errors.ts';
import { timeOfId } from '../core/ids.ts';
import type { Learner, Observation } from '../core/learner.ts';
import type { Json, State, TypedArray } from '../core/state.ts';
import { decodeState, encodeState } from '../core/state-codec.ts';

/** What can be said to a learner. `snapshot`: keep what it knows now, to come back to. */
export const learnerActions = ['freeze', 'resume', 'reset', 'snapshot'] as const;
export type LearnerAction = (typeof learnerActions)[number];

/** Who freezes: each can only undo what it did itself. */
export const governors = ['admin', 'yaml'] as const;
export type Governor = (typeof governors)[number];

export interface LearnerWord {
  readonly action: LearnerAction;
  readonly by: Governor;
  /** Of `reset`: the `seq` of a kept snapshot; 0: as it was configured, before it had learned anything. */
  readonly to: number;
}

/** A word on its way through the log. */
export const wordNote = ({ action, by, to }: LearnerWord): readonly number[] => [
  learnerActions.indexOf(action),
  to,
  governors.indexOf(by),
];

/** One state to come back to. */
export interface KeptSnapshot {
  /** Of the last fact heard before it was kept; see `Observation`. */
  readonly seq: number;
  /** Milliseconds since the epoch; null where the fact's decision does not tell. */
  readonly at: number | null;
  readonly bytes: number;
}

export interface Standing {
  /** Empty: it learns. */
  readonly frozenBy: readonly Governor[];
  /** Of the last fact heard, learned from or not; 0: none yet. */
  readonly seq: number;
  /** Facts folded into what it knows now, since it began or was reset to the start. */
  readonly folded: number;
  /** Oldest first. */
  readonly snapshots: readonly KeptSnapshot[];
  /** The last word, when it came and whether it could be obeyed: a snapshot may have gone before a reset to it arrived. */
  readonly last: {
    readonly action: LearnerAction;
    readonly by: Governor;
    readonly at: number | null;
    readonly obeyed: boolean;
  } | null;
}

export interface GovernedLearner extends Learner {
  readonly standing: Standing;
}

export interface GovernedSettings {
  /** The route in the log under which words to it stand; they are never given to the learner itself. */
  readonly wordsFrom: string;
  /** Facts that reach it even when frozen: an administrator's words to what it holds. */
  readonly always?: (observation: Observation) => boolean;
  /** Facts folded between two snapshots that are kept unasked. Default 1,000. */
  readonly keepEvery?: number;
}

interface Kept extends Omit<KeptSnapshot, 'bytes'> {
  readonly folded: number;
  readonly state: Uint8Array;
}

const version = 1;
const mostKept = 3;
/** Larger states are kept when somebody asks only: each one makes every saved state longer. */
const largestUnasked = 1 << 20;
const defaultKeepEvery = 1_000;

/**
 * A learner that can be frozen and put back. What it was told is part of the log that it folds, and what it can go back to is part
 * of its state, so a restart, a second reader of the log and the owner of a distributed learner all come to the same.
 */
export function governed(learner: Learner, settings: GovernedSettings): GovernedLearner {
  const { wordsFrom, always = () => false, keepEvery = defaultKeepEvery } = settings;
  const start = learner.save();
  let frozenBy: readonly Governor[] = [];
  let seq = 0;
  let folded = 0;
  let sinceKept = 0;
  let kept: readonly Kept[] = [];
  let last: Standing['last'] = null;

  const keep = (observation: Observation, asked: boolean): void => {
    sinceKept = 0;
    const state = encodeState(learner.save());
    if (!asked && state.length > largestUnasked) return;
    const others = kept.filter((each) => each.seq !== observation.seq);
    kept = [...others, { seq: observation.seq, at: timeOfId(observation.decision), folded, state }].slice(-mostKept);
  };

  /** False where it cannot be. */
  const obey = (action: LearnerAction, by: Governor, to: number, observation: Observation): boolean => {
    switch (action) {
      case 'freeze':
        if (!frozenBy.includes(by)) frozenBy = [...frozenBy, by].sort();
        return true;
      case 'resume':
        frozenBy = frozenBy.filter((each) => each !== by);
        return true;
      case 'snapshot':
        keep(observation, true);
        return true;
      case 'reset': {
        const target = kept.find((each) => each.seq === to);
        if (target === undefined && to !== 0) return false;
        learner.load(target === undefined ? start : decodeState(Buffer.from(target.state)));
        folded = target?.folded ?? 0;
        sinceKept = 0;
        // What was kept later holds what the reset is to be rid of.
        kept = kept.filter((each) => each.seq <= to);
        return true;
      }
      default:
        return action satisfies never;
    }
  };

  const hear = (observation: Observation): void => {
    const [code = -1, to = 0, who = 0] = observation.note ?? [];
    const action = learnerActions[code];
    const by = governors[who];
    if (action === undefined || by === undefined) return;
    last = { action, by, at: timeOfId(observation.decision), obeyed: obey(action, by, to, observation) };
  };

  return {
    get standing() {
      const snapshots = kept.map((each) => ({ seq: each.seq, at: each.at, bytes: each.state.length }));
      return { frozenBy, seq, folded, snapshots, last };
    },
    update(observation) {
      seq = observation.seq;
      if (observation.route === wordsFrom) {
        hear(observation);
        return;
      }
      const word = always(observation);
      if (frozenBy.length > 0 && !word) return;
      learner.update(observation);
      if (word) return;
      folded++;
      if (++sinceKept >= keepEvery) keep(observation, false);
    },
    save() {
      const inner = learner.save();
      const arrays: Record<string, TypedArray> = {};
      for (const [name, array] of Object.entries(inner.arrays)) arrays[`inner/${name}`] = array;
      for (const each of kept) arrays[`kept/${each.seq}`] = each.state;
      const about = kept.map(({ seq: number, at, folded: count }) => ({ seq: number, at, folded: count }));
      return {
        version,
        data: {
          governed: { frozenBy, seq, folded, sinceKept, kept: about, last },
          version: inner.version,
          inner: inner.data,
        },
        arrays,
      };
    },
    load(state) {
      const { governed: about, inner } = state.data;
      // As states were written before there was anything to be said to a learner.
      if (about === undefined) {
        learner.load(state);
        [frozenBy, seq, folded, sinceKept, kept, last] = [[], 0, 0, 0, [], null];
        return;
      }
      const innerVersion = state.data['version'];
      if (state.version !== version || !isMap(about) || !isMap(inner) || typeof innerVersion !== 'number')
        throw damaged();
      const found = readKept(about['kept'], state.arrays);
      const by = Array.isArray(about['frozenBy']) ? about['frozenBy'] : null;
      const counts = [about['seq'], about['folded'], about['sinceKept']].map(Number);
      if (by === null || counts.some((each) => !Number.isSafeInteger(each) || each < 0)) throw damaged();
      const arrays = Object.fromEntries(
        Object.entries(state.arrays).flatMap(([name, array]) =>
          name.startsWith('inner/') ? [[name.slice('inner/'.length), array]] : [],
        ),
      );
      learner.load({ version: innerVersion, data: inner, arrays });
      frozenBy = governors.filter((each) => by.includes(each));
      [seq = 0, folded = 0, sinceKept = 0] = counts;
      kept = found;
      last = readLast(about['last']);
    },
  };
}

const isMap = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const damaged = (): PointsmanError =>
  new PointsmanError('invalid_data', 'What was said to a learner cannot be read from its state. Remove the snapshot.');

const timeIn = (value: Json | undefined): number | null => (typeof value === 'number' ? value : null);

function readKept(list: Json | undefined, arrays: State['arrays']): readonly Kept[] {
  if (!Array.isArray(list)) throw damaged();
  return list.map((each: Json): Kept => {
    if (!isMap(each)) throw damaged();
    const { seq, at, folded } = each;
    const state = arrays[`kept/${Number(seq)}`];
    if (typeof seq !== 'number' || typeof folded !== 'number' || !(state instanceof Uint8Array)) throw damaged();
    return { seq, at: timeIn(at), folded, state };
  });
}

function readLast(value: Json | undefined): Standing['last'] {
  if (!isMap(value)) return null;
  const action = learnerActions.find((each) => each === value['action']);
  const by = governors.find((each) => each === value['by']);
  if (action === undefined || by === undefined) return null;
  return { action, by, at: timeIn(value['at']), obeyed: value['obeyed'] === true };
}
