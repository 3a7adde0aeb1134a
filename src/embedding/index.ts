import { Type } from 'typebox';
import { createHashingEmbedder, defaultDimensions } from './hashing.ts';
import { createRemoteEmbedder } from './remote.ts';
import { createTransformersEmbedder } from './transformers.ts';

const cache_entries = Type.Integer({
  minimum: 1,
  default: 10_000,
  description: 'Vectors kept in memory, by a hash of the text.',
});

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
  remote: {
    options: Type.Object({
      base_url: Type.String({
        minLength: 1,
        description: 'Of an OpenAI-compatible server; `/embeddings` is appended. Prompts go there.',
      }),
      model: Type.String({ minLength: 1, description: 'As that server knows it.' }),
      dimensions: Type.Integer({ minimum: 1, maximum: 8192, description: 'Length of its vectors.' }),
      api_key: Type.Optional(
        Type.String({ minLength: 1, description: 'Write ${NAME} and set it in the environment.' }),
      ),
      local: Type.Optional(
        Type.Boolean({
          description:
            'Texts do not leave your machines. Default: true for loopback, private addresses and `*.local`, as for targets.',
        }),
      ),
      timeout_ms: Type.Integer({ minimum: 1, default: 1000, description: 'Then the route degrades.' }),
      max_pending: Type.Integer({
        minimum: 1,
        default: 64,
        description: 'Calls at once; one more and the route degrades.',
      }),
      max_characters: Type.Integer({ minimum: 1, default: 8192, description: 'Read of a text, from its beginning.' }),
      cache_entries,
    }),
    create: createRemoteEmbedder,
  },
  transformers: {
    options: Type.Object({
      local_model_path: Type.String({
        minLength: 1,
        description:
          'Folder with config.json, tokenizer.json, tokenizer_config.json and onnx/, as @xenova/transformers lays it out. ' +
          'Nothing is fetched.',
      }),
      quantized: Type.Boolean({
        default: true,
        description: 'Read onnx/model_quantized.onnx; false: onnx/model.onnx.',
      }),
      workers: Type.Integer({
        minimum: 1,
        maximum: 64,
        default: 1,
        description: 'Processes, one computing thread each.',
      }),
      max_pending: Type.Integer({
        minimum: 1,
        default: 32,
        description: 'Texts that wait for a process; one more and the route degrades.',
      }),
      max_tokens: Type.Integer({ minimum: 8, maximum: 8192, default: 256, description: 'Read of a text.' }),
      cache_entries,
    }),
    create: createTransformersEmbedder,
  },
} as const;
