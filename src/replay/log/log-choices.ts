import { PointsmanError } from '../../core/errors.ts';
import type { LoggedDecision } from '../../outcomes/log.ts';

/** The part of a log that says something about other policies: requests that the route's policy really decided. */
export interface RoutedLog {
  readonly route: string;
  readonly rows: readonly LoggedDecision[];
  /** Every model that was a candidate. */
  readonly models: readonly string[];
  readonly leftOut: {
    /** The client named the model, watched or not. */
    readonly pinned: number;
    /** Another model answered than was chosen. */
    readonly fallback: number;
  };
}

/** @param route null: the only one. Throws `invalid_data` where there is none, or where several leave it open. */
export function routedLog(log: Iterable<LoggedDecision>, route: string | null, path: string): RoutedLog {
  const rows: LoggedDecision[] = [];
  const routes = new Set<string>();
  let pinned = 0;
  let fallback = 0;
  for (const row of log) {
    if (route !== null && row.route !== route) continue;
    if (row.pinned) pinned++;
    else {
      routes.add(row.route);
      if (row.served === row.chosen) rows.push(row);
      else fallback++;
    }
  }
  if (routes.size > 1) {
    const names = [...routes].join(', ');
    throw new PointsmanError('invalid_data', `${path}: it holds the routes ${names}; choose one with --route.`);
  }
  const [only] = routes;
  if (only === undefined || rows.length === 0) {
    const of = route === null ? path : `${path}, route "${route}"`;
    throw new PointsmanError(
      'invalid_data',
      `${of}: no answered request was decided by a policy (${pinned} named their model); there is nothing to evaluate.`,
    );
  }
  const models = [...new Set(rows.flatMap(({ candidates }) => candidates))];
  return { route: only, rows, models, leftOut: { pinned, fallback } };
}
