import { createHash } from 'node:crypto';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { messageOf, PointsmanError } from '../core/errors.ts';
import type { State } from '../core/state.ts';
import { decodeState, encodeState } from '../core/state-codec.ts';

/** What a state is a fold of. */
export interface StateHead {
  readonly learner: string;
  readonly history: string;
  /** Number of the last event in it ... */
  readonly n: number;
  /** ... and the place of its batch in the log. */
  readonly entry: number;
  /** The last `seq` in it of each producer. */
  readonly marks: Readonly<Record<string, number>>;
  /** SHA-256 of the state's bytes: tells two states apart and a damaged one from a whole one. */
  readonly sum: string;
}

const Head = Type.Object({
  learner: Type.String(),
  history: Type.String(),
  n: Type.Integer({ minimum: 0 }),
  entry: Type.Integer({ minimum: 0 }),
  marks: Type.Record(Type.String(), Type.Number()),
  sum: Type.String(),
});

const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

export interface PackedState {
  readonly head: Buffer;
  readonly bytes: Buffer;
}

export function packState(head: Omit<StateHead, 'sum'>, state: State): PackedState & { readonly sum: string } {
  const bytes = encodeState(state);
  const sum = sha256(bytes);
  return { head: packHead({ ...head, sum }), bytes, sum };
}

/** The head's own SHA-256, a space, its JSON. */
export function packHead(head: StateHead): Buffer {
  const json = JSON.stringify(head);
  return Buffer.from(`${sha256(json)} ${json}`);
}

/** Throws `invalid_data` where it is damaged. */
export function unpackHead(bytes: Buffer): StateHead {
  const text = bytes.toString();
  const json = text.slice(65);
  if (text[64] !== ' ' || text.slice(0, 64) !== sha256(json)) throw broken('its head does not match its checksum');
  const head: unknown = JSON.parse(json);
  if (!Value.Check(Head, head)) throw broken('its head has another shape; are all parts of one version?');
  return head;
}

/** Throws `invalid_data` where the bytes are not the ones that the head speaks of. */
export function unpackState(head: StateHead, bytes: Buffer): State {
  if (sha256(bytes) !== head.sum) throw broken('it does not match its checksum');
  try {
    return decodeState(bytes);
  } catch (cause) {
    throw broken(messageOf(cause), cause);
  }
}

const broken = (why: string, cause?: unknown): PointsmanError =>
  new PointsmanError('invalid_data', `Learned state is damaged: ${why}.`, { cause });
