import type { FastifyInstance } from 'fastify';
import type { RequestBody } from '../core/backend.ts';
import type { Clock } from '../core/clock.ts';
import { PointsmanError } from '../core/errors.ts';
import { jsonErrorOffset, placeOf } from '../wire/json-position.ts';
import { describe } from '../wire/messages.ts';
import { isRecord } from '../wire/record.ts';

/** A body that arrived whole and is a JSON object. */
export class ReceivedBody implements RequestBody {
  readonly raw: Buffer;
  readonly parsed: Readonly<Record<string, unknown>>;
  /** Monotonic milliseconds when the last byte was there: our own time is counted from here. */
  readonly receivedAt: number;

  constructor(raw: Buffer, parsed: Readonly<Record<string, unknown>>, receivedAt: number) {
    this.raw = raw;
    this.parsed = parsed;
    this.receivedAt = receivedAt;
  }
}

/** Bytes that arrived whole. They are read when the handler asks: Fastify would hang up on what its parser throws. */
class ArrivedBytes {
  readonly raw: Buffer;
  readonly at: number;

  constructor(raw: Buffer, at: number) {
    this.raw = raw;
    this.at = at;
  }
}

/** Makes JSON the only content type there is, and keeps the bytes: they are forwarded, not written anew. */
export function acceptJsonOnly(app: FastifyInstance, clock: Clock): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, raw: Buffer, done) => {
    done(null, new ArrivedBytes(raw, clock.monotonic()));
  });
}

/** Reads the body of a request. Throws `invalid_json` with the place, or `invalid_request` where it is no object. */
export function receiveBody(body: unknown): ReceivedBody {
  if (!(body instanceof ArrivedBytes)) {
    throw new PointsmanError('invalid_request', 'The request has no body; it needs a JSON object.');
  }
  const text = body.raw.toString('utf8');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw notJson(text, cause);
  }
  if (isRecord(parsed)) return new ReceivedBody(body.raw, parsed, body.at);
  throw new PointsmanError('invalid_request', `The body must be a JSON object, not ${describe(parsed)}.`);
}

/** Finding the place costs more than parsing did: not for bodies that nobody wrote by hand. */
const longestLocated = 1_000_000;

function notJson(text: string, cause: unknown): PointsmanError {
  if (text === '') return new PointsmanError('invalid_json', 'The body is empty; it needs a JSON object.', { cause });
  const offset = text.length <= longestLocated ? jsonErrorOffset(text) : null;
  const where =
    offset === null
      ? ''
      : offset >= text.length
        ? `: it ends too early, at ${placeOf(text, offset)}`
        : `: unexpected ${JSON.stringify(String.fromCodePoint(text.codePointAt(offset) ?? 0))} at ${placeOf(text, offset)}`;
  return new PointsmanError('invalid_json', `The body is not JSON${where}.`, { cause });
}
