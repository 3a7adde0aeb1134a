import { configureGlobal } from 'fast-check';

/**
 * Property tests draw the same examples in every run, so that a red run is a change's doing and can be repeated.
 * `npm run soak` draws others, and more of them: PROPERTY_SEED=random takes the clock, a number is taken as it is.
 */
const asked = process.env['PROPERTY_SEED'] ?? '20261122';
const runs = Number(process.env['PROPERTY_RUNS'] ?? 100);
configureGlobal({ seed: asked === 'random' ? Date.now() : Number(asked), numRuns: runs });
