/** What a long command is at. `total` 0: not known yet. */
export interface Progress {
  readonly stage: 'read' | 'embed' | 'tune' | 'fit' | 'sweep' | 'bootstrap' | 'write';
  /** What of the stage, for people: an estimator, a policy, a file; may be empty. */
  readonly what: string;
  readonly done: number;
  readonly total: number;
}

/** Called often: at least once a stage, from the same thread. Must not throw. */
export type OnProgress = (progress: Progress) => void;
