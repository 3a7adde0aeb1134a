import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { messageOf, PointsmanError } from '../core/errors.ts';
import type { Observation } from '../core/learner.ts';

/**
 * Consecutive events of one producer. An event's id in the whole world is its producer and its `seq` there. `after` is
 * the `seq` before the first one, 0 or `start` where there is none, so that nobody can append a batch behind a gap.
 */
export interface EventBatch {
  readonly producer: string;
  /** The `seq` this producer began after. */
  readonly start: number;
  readonly after: number;
  /** In `seq` order, at least one. */
  readonly events: readonly Observation[];
}

/** Everything but the embeddings, whose floats follow the header. */
const Header = Type.Object({
  version: Type.Literal(1),
  producer: Type.String({ minLength: 1 }),
  start: Type.Number(),
  after: Type.Number(),
  events: Type.Array(
    Type.Object({
      seq: Type.Number(),
      decision: Type.String(),
      route: Type.String(),
      model: Type.String(),
      quantity: Type.Enum(['quality', 'cost', 'latency', 'output_tokens', 'preference']),
      value: Type.Number(),
      weight: Type.Number(),
      propensity: Type.Union([Type.Number(), Type.Null()]),
      promptTokens: Type.Number(),
      /** Floats of its embedding. */
      dimensions: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
      against: Type.Optional(Type.String()),
      note: Type.Optional(Type.Array(Type.Number())),
    }),
    { minItems: 1 },
  ),
});

const align = (offset: number): number => (offset + 3) & ~3;

/** Length of the header (uint32, little-endian), the header (JSON), the embeddings (float32). */
export function encodeBatch(batch: EventBatch): Buffer {
  const header = Buffer.from(
    JSON.stringify({
      version: 1,
      producer: batch.producer,
      start: batch.start,
      after: batch.after,
      events: batch.events.map(({ embedding, ...event }) => ({ ...event, dimensions: embedding?.length ?? null })),
    }),
  );
  let size = align(4 + header.length);
  for (const { embedding } of batch.events) size += (embedding?.length ?? 0) * 4;
  const out = Buffer.alloc(size);
  out.writeUInt32LE(header.length, 0);
  header.copy(out, 4);
  let offset = align(4 + header.length);
  for (const { embedding } of batch.events) {
    if (embedding === null) continue;
    out.set(new Uint8Array(embedding.buffer, embedding.byteOffset, embedding.byteLength), offset);
    offset += embedding.byteLength;
  }
  return out;
}

/** Throws `invalid_data` where the bytes are not one whole batch. */
export function decodeBatch(bytes: Buffer): EventBatch {
  const broken = (why: string, cause?: unknown): PointsmanError =>
    new PointsmanError('invalid_data', `A batch of events cannot be read: ${why}.`, { cause });
  const headerEnd = bytes.length < 4 ? Infinity : 4 + bytes.readUInt32LE(0);
  if (headerEnd > bytes.length) throw broken('it ends inside its header');
  let header: unknown;
  try {
    header = JSON.parse(bytes.toString('utf8', 4, headerEnd));
  } catch (cause) {
    throw broken(messageOf(cause), cause);
  }
  if (!Value.Check(Header, header)) throw broken('its header has another shape; are all parts of one version?');
  // Aligned copy, so that views of floats may be laid over it.
  const floats = new Uint8Array(bytes.subarray(align(headerEnd))).buffer;
  let offset = 0;
  const { producer, start, after } = header;
  header.events.reduce((before, { seq }) => {
    if (seq <= before) throw broken('its events are not in order');
    return seq;
  }, after);
  const events = header.events.map(({ dimensions, ...event }): Observation => {
    if (dimensions === null) return { ...event, embedding: null };
    if (offset + dimensions * 4 > floats.byteLength) throw broken('it ends inside an embedding');
    const embedding = new Float32Array(floats, offset, dimensions);
    offset += dimensions * 4;
    return { ...event, embedding };
  });
  return { producer, start, after, events };
}

/** The `seq` of its last event. */
export const lastOf = ({ events, after }: EventBatch): number => events.at(-1)?.seq ?? after;
