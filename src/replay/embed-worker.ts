import { createHashingEmbedder } from '../embedding/hashing.ts';
import type { EmbedJob } from './embed-threads.ts';
import { serveTasks } from './serve-tasks.ts';

/** A thread of `embed-threads.ts`. */
serveTasks(({ dimensions, texts, out }: EmbedJob) => {
  const embedder = createHashingEmbedder({ dimensions });
  texts.forEach((text, row) => out.set(embedder.embed(text), row * dimensions));
  return null;
});
