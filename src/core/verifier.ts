import type { Static, TSchema } from 'typebox';
import type { Query } from './query.ts';

export interface Verdict {
  /** In [0, 1] like quality. */
  readonly score: number;
  /** In [0, 1]; multiplies the reward's weight. 0: no verdict, nothing is recorded. */
  readonly confidence: number;
}

/** Judges one answer; rewards and cascades share this seam. */
export interface Verifier {
  readonly name: string;
  /** Rejects when it cannot tell. Has to heed the signal. */
  verify(query: Query, answer: string, signal: AbortSignal): Promise<Verdict>;
}

/** The default export of a file in `verifiers/` or a `verifier_dirs` folder; the file name is the verifier's name. */
export interface VerifierDefinition<Options extends TSchema = TSchema> {
  /** One sentence for lists. */
  readonly summary: string;
  readonly options: Options;
  /** Throws `invalid_config` where the options cannot work. */
  create(options: Static<Options>): Verifier['verify'];
}

/** Types the definition from its schema. */
export function defineVerifier<const Options extends TSchema>(
  definition: VerifierDefinition<Options>,
): VerifierDefinition<Options> {
  return definition;
}
