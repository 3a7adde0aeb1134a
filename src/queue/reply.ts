import { PointsmanError } from '../core/errors.ts';
import type { Reply } from './redis.ts';

/** Readers of what Redis answered. Each throws `invalid_data` where the answer has another shape. */
const wrong = (wanted: string): PointsmanError =>
  new PointsmanError('invalid_data', `Redis answered with something that is no ${wanted}.`);

export function bytesOf(reply: Reply | undefined): Buffer {
  if (Buffer.isBuffer(reply)) return reply;
  throw wrong('text');
}

export const textOf = (reply: Reply | undefined): string => bytesOf(reply).toString();

export function numberOf(reply: Reply | undefined): number {
  const number = typeof reply === 'number' ? reply : Number(textOf(reply));
  if (Number.isFinite(number)) return number;
  throw wrong('number');
}

export function listOf(reply: Reply | undefined): readonly Reply[] {
  if (Array.isArray(reply)) return reply;
  throw wrong('list');
}

/** Null where Redis has nothing. */
export const optional = <T>(reply: Reply | undefined, read: (reply: Reply) => T): T | null =>
  reply === null || reply === undefined ? null : read(reply);
