import type { Path, Problem } from './problems.ts';
import { formatPath } from './problems.ts';

/** Collects what the normalisers find, so that all of it is told at once. */
export interface Report {
  problem(path: Path, message: string, atKey?: boolean): void;
  warning(path: Path, message: string): void;
  /** The value at the path came, at least in part, from the environment. */
  fromEnvironment(path: Path): boolean;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** @param fromEnvironment formatted paths. */
export function createReport(fromEnvironment: ReadonlySet<string>): Report {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  return {
    problem: (path, message, atKey = false) => void problems.push({ path, message, atKey }),
    warning: (path, message) => void warnings.push({ path, message }),
    fromEnvironment: (path) => fromEnvironment.has(formatPath(path)),
    problems,
    warnings,
  };
}
