import { messageOf } from '../core/errors.ts';
import type { State } from '../core/state.ts';
import type { QueueKeys } from './keys.ts';
import { unpackHead, unpackState, type PackedState, type StateHead } from './learned-state.ts';
import type { RedisSession } from './redis.ts';
import { bytesOf, listOf, numberOf, optional } from './reply.ts';

export interface BoardState {
  readonly head: StateHead;
  readonly state: State;
}

/** Where learned states are published: the newest of each learner, and the one before it to fall back to. */
export interface StateBoard {
  /** Null: none is there. Throws `invalid_data` where it is damaged. */
  head(session: RedisSession, learner: string): Promise<StateHead | null>;
  /** The newest state that is whole; of each that is not, `onTrouble` hears. */
  load(session: RedisSession, learner: string, onTrouble: (message: string) => void): Promise<BoardState | null>;
  /**
   * Publishes a state, or only its head where the bytes are the ones that are there. False, and nothing is written,
   * unless `token` still is the lease that may write: who lost it without noticing cannot undo what its successor did.
   */
  save(session: RedisSession, learner: string, token: string, packed: PackedState | HeadOnly): Promise<boolean>;
  /** Up to which entry the log is needed by none of these learners, whichever of their two states is loaded. */
  needless(session: RedisSession, learners: readonly string[]): Promise<number>;
}

export interface HeadOnly {
  readonly head: Buffer;
  readonly bytes: null;
}

/** A single write, for the reason that `OrderedLog` gives. */
const saveScript = `
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
if ARGV[4] ~= '' then
  local old = redis.call('HMGET', KEYS[2], 'head', 'bytes')
  if old[1] and old[2] then
    redis.call('HSET', KEYS[2], 'head', ARGV[3], 'bytes', ARGV[4], 'old_head', old[1], 'old_bytes', old[2])
  else
    redis.call('HSET', KEYS[2], 'head', ARGV[3], 'bytes', ARGV[4])
  end
else
  redis.call('HSET', KEYS[2], 'head', ARGV[3])
end
redis.call('PUBLISH', ARGV[5], 'state ' .. ARGV[1])
return 1`;

export function createStateBoard(keys: QueueKeys): StateBoard {
  const read = async (session: RedisSession, learner: string, name: 'head' | 'old_head') =>
    optional(await session.call('HGET', keys.state(learner), name), bytesOf);

  return {
    async head(session, learner) {
      const bytes = await read(session, learner, 'head');
      return bytes === null ? null : unpackHead(bytes);
    },
    async load(session, learner, onTrouble) {
      const fields = listOf(await session.call('HMGET', keys.state(learner), 'head', 'bytes', 'old_head', 'old_bytes'));
      for (const [which, place] of [
        ['newest', 0],
        ['one before', 2],
      ] as const) {
        const head = optional(fields[place], bytesOf);
        const bytes = optional(fields[place + 1], bytesOf);
        if (head === null || bytes === null) continue;
        try {
          const known = unpackHead(head);
          return { head: known, state: unpackState(known, bytes) };
        } catch (error) {
          onTrouble(`The ${which} of the states of ${learner} in Redis is not used: ${messageOf(error)}`);
        }
      }
      return null;
    },
    async save(session, learner, token, { head, bytes }) {
      const script = [keys.fences, keys.state(learner)];
      const done = await session.run(saveScript, script, [learner, token, head, bytes ?? '', keys.channel]);
      return numberOf(done) === 1;
    },
    async needless(session, learners) {
      let least = Infinity;
      for (const learner of learners) {
        const head = await read(session, learner, 'old_head');
        try {
          least = Math.min(least, head === null ? 0 : unpackHead(head).entry);
        } catch {
          least = 0;
        }
      }
      return Number.isFinite(least) ? least : 0;
    },
  };
}
