import type { RequestBody } from '../core/backend.ts';
import type { Model } from '../core/candidate.ts';
import type { Decision } from '../core/decision.ts';
import type { Query } from '../core/query.ts';

/** One decision that is to be carried out. */
export interface Job {
  readonly decision: Decision;
  /** By id; at least those that the decision's ranking names. */
  readonly models: ReadonlyMap<string, Model>;
  readonly query: Query;
  readonly body: RequestBody;
  /** The client itself asked for the usage chunk. */
  readonly includeUsage: boolean;
}
