import type { PointsmanError } from '../core/errors.ts';
import { isRecord } from './record.ts';

/**
 * The one place that makes OpenAI's error body: an `error` object with `message`, `type`, `param` and `code`, always all
 * four. Only a PointsmanError gets in, whose message is written for the caller: no stack trace or cause gets out.
 */
export function errorBody(error: PointsmanError): string {
  return write(error.message, error.type, error.param, error.code);
}

/** The same as one server-sent event: what a client sees when an answer breaks off. */
export function errorEvent(error: PointsmanError): Buffer {
  return Buffer.from(`data: ${errorBody(error)}\n\n`);
}

/**
 * An upstream's own error body in OpenAI's shape. One that has it is passed on byte for byte; one that lacks keys, or
 * speaks another dialect (`{"error": "..."}`, `{"message": ...}`, `{"detail": ...}`), keeps its message.
 */
export function upstreamErrorBody(bytes: Buffer, error: PointsmanError): Buffer {
  const told = parse(bytes);
  if (!isRecord(told)) return Buffer.from(errorBody(error));
  const inner = isRecord(told.error) ? told.error : {};
  if (typeof inner.message === 'string' && 'type' in inner && 'param' in inner && 'code' in inner) return bytes;
  const message = [inner.message, told.error, told.message, told.detail].find(isMessage) ?? error.message;
  return Buffer.from(
    write(
      message,
      text(inner.type) ?? text(told.type) ?? error.type,
      text(inner.param),
      text(inner.code) ?? error.code,
    ),
  );
}

function write(message: string, type: string, param: string | null, code: string): string {
  return JSON.stringify({ error: { message, type, param, code } });
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}

const isMessage = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** A string, a number as one, else null. */
const text = (value: unknown): string | null =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : null;
