import { createRequire } from 'node:module';

/** The only file that knows @xenova/transformers. It runs in a process of its own: inference blocks the thread that
 * calls it, and the native runtime under it can be loaded by one thread of a process only. */
export interface TransformersModel {
  /** Mean of the last hidden states over the tokens, not yet of length 1. */
  embed(text: string): Promise<Float32Array>;
}

export interface TransformersModelOptions {
  /** Absolute path of the folder that holds `config.json`, `tokenizer.json` and `onnx/`. */
  readonly folder: string;
  readonly quantized: boolean;
  /** Tokens that are read of a text. */
  readonly maxTokens: number;
}

/** Never asks the network. Rejects where the folder holds no usable model. */
export async function loadTransformersModel(options: TransformersModelOptions): Promise<TransformersModel> {
  useOneThread();
  const { AutoModel, AutoTokenizer, env } = await import('@xenova/transformers');
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  env.useFSCache = false;
  const { folder, maxTokens } = options;
  const separator = Math.max(folder.lastIndexOf('/'), folder.lastIndexOf('\\'));
  env.localModelPath = folder.slice(0, separator + 1);
  const name = folder.slice(separator + 1);
  const tokenizer: unknown = await AutoTokenizer.from_pretrained(name);
  const model: unknown = await AutoModel.from_pretrained(name, { quantized: options.quantized });
  if (typeof tokenizer !== 'function' || typeof model !== 'function') throw new Error('it holds no text model');
  return {
    async embed(text) {
      const inputs: unknown = tokenizer([text], { padding: true, truncation: true, max_length: maxTokens });
      const outputs: unknown = await model(inputs);
      return meanOfTokens(tensorOf(outputs, 'last_hidden_state'));
    },
  };
}

/** One text at a time, so every token is the text's own: no mask is needed. */
function meanOfTokens({ data, dims }: Tensor): Float32Array {
  const width = dims.at(-1) ?? 0;
  const tokens = width === 0 ? 0 : data.length / width;
  const out = new Float32Array(width);
  for (let i = 0; i < data.length; i++) out[i % width] = (out[i % width] ?? 0) + (data[i] ?? 0) / tokens;
  return out;
}

interface Tensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

function tensorOf(outputs: unknown, name: string): Tensor {
  const tensor: unknown = typeof outputs === 'object' && outputs !== null ? Reflect.get(outputs, name) : undefined;
  if (typeof tensor === 'object' && tensor !== null) {
    const data: unknown = Reflect.get(tensor, 'data');
    const dims: unknown = Reflect.get(tensor, 'dims');
    if (data instanceof Float32Array && Array.isArray(dims)) return { data, dims: dims.map(Number) };
  }
  throw new Error(`its output "${name}" is not there; a model for feature extraction is needed`);
}

/** The library gives no way to say it, and a session otherwise takes every core of the machine. */
function useOneThread(): void {
  const require = createRequire(import.meta.url);
  const runtime: unknown = createRequire(require.resolve('@xenova/transformers'))('onnxruntime-node');
  const session: unknown = isObject(runtime) ? Reflect.get(runtime, 'InferenceSession') : undefined;
  if (!isObject(session)) return;
  const create: unknown = Reflect.get(session, 'create');
  if (typeof create !== 'function') return;
  const single = (model: unknown, options: unknown): unknown =>
    Reflect.apply(create, session, [
      model,
      { ...(isObject(options) ? options : {}), intraOpNumThreads: 1, interOpNumThreads: 1, enableCpuMemArena: false },
    ]);
  Reflect.set(session, 'create', single);
}

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';
