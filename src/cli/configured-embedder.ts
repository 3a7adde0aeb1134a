import { createEmbedder } from '../app/embedder.ts';
import { loadUsualConfig } from '../config/usual-config.ts';
import type { Embedder } from '../core/embedder.ts';

/** What a flag for it says. */
export const embedderHelp = 'the YAML of a gateway, whose embedder is used (default: hashing, 256 dimensions)';

/**
 * Does something with the embedder of a gateway's YAML, and closes it; without a file, with none: whoever is asked then
 * takes the default. Rejects with `invalid_config`.
 */
export async function withEmbedderOf<Result>(
  file: string | undefined,
  use: (embedder: Embedder | undefined) => Promise<Result>,
): Promise<Result> {
  if (file === undefined) return await use(undefined);
  const embedder = await createEmbedder(loadUsualConfig(file));
  try {
    return await use(embedder);
  } finally {
    await embedder.close?.();
  }
}
