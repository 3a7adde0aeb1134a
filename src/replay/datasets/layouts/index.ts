import { correctness } from './correctness.ts';
import { judgedPair } from './judged-pair.ts';
import type { Layout } from './layout.ts';
import { llmRouterBench } from './llm-router-bench.ts';
import { long } from './long.ts';
import { pairs } from './pairs.ts';
import { routerArena } from './router-arena.ts';
import { scoreLists } from './score-lists.ts';
import { sprout } from './sprout.ts';
import { wide } from './wide.ts';

/** The first that matches is taken, so the narrow ones come first. */
export const layouts: readonly Layout[] = [
  routerArena,
  llmRouterBench,
  scoreLists,
  sprout,
  pairs,
  judgedPair,
  long,
  wide,
  correctness,
];
