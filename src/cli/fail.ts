import { type ErrorCode, messageOf, PointsmanError } from '../core/errors.ts';

/** One line that says what is wrong and where; a defect of ours also shows its stack. */
export function fail(thrown: unknown): void {
  process.stderr.write(`pointsman: ${messageOf(thrown)}\n`);
  if (thrown instanceof PointsmanError && thrown.code !== 'internal_error') return;
  if (thrown instanceof Error && thrown.stack !== undefined) process.stderr.write(`${thrown.stack}\n`);
}

const calledWrongly: ReadonlySet<ErrorCode> = new Set([
  'invalid_config',
  'invalid_data',
  'invalid_request',
  'model_not_found',
  'no_eligible_candidate',
]);

/** 2 where the caller or the input is at fault, 1 where we are or the world is. */
export function exitCodeOf(thrown: unknown): 1 | 2 {
  return thrown instanceof PointsmanError && calledWrongly.has(thrown.code) ? 2 : 1;
}
