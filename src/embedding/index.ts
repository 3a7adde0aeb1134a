import { Type } from 'typebox';
import { createHashingEmbedder, defaultDimensions } from './hashing.ts';

/** Every embedder that the YAML's `embedder: { type }` can name: the schema of its other options, and how it is made. */
export const embeddingTypes = {
  hashing: {
    options: Type.Object({
      dimensions: Type.Integer({
        minimum: 64,
        maximum: 4096,
        default: defaultDimensions,
        description: 'Length of the vector. More tells more texts apart and costs more CPU per request.',
      }),
    }),
    create: createHashingEmbedder,
  },
} as const;
