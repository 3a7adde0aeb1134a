import { messageOf } from '../core/errors.ts';
import { loadTransformersModel, type TransformersModel, type TransformersModelOptions } from './transformers-model.ts';

/** What the process tells. */
export type ProcessSaid =
  | { readonly type: 'ready' }
  | { readonly type: 'broken'; readonly message: string }
  | { readonly type: 'vector'; readonly vector: Float32Array }
  | { readonly type: 'failed'; readonly message: string };

/** What it is asked: to load, once and first; then one text at a time. */
export type ProcessAsked =
  | { readonly type: 'load'; readonly options: TransformersModelOptions }
  | { readonly type: 'embed'; readonly text: string };

const say = (said: ProcessSaid): void => void process.send?.(said);

// The library tells its troubles to the console; they are told by `say` instead.
console.warn = () => undefined;
console.error = () => undefined;

let model: TransformersModel | null = null;

async function answer(asked: ProcessAsked): Promise<ProcessSaid> {
  switch (asked.type) {
    case 'load':
      try {
        model = await loadTransformersModel(asked.options);
        return { type: 'ready' };
      } catch (cause) {
        return { type: 'broken', message: messageOf(cause) };
      }
    case 'embed':
      try {
        return model === null
          ? { type: 'failed', message: 'no model is loaded' }
          : { type: 'vector', vector: await model.embed(asked.text) };
      } catch (cause) {
        return { type: 'failed', message: messageOf(cause) };
      }
    default:
      return asked satisfies never;
  }
}

// Started by `transformers.ts` alone, so what it is sent is what that file's types say. It ends with whoever started it.
process.on('message', (asked: ProcessAsked) => void answer(asked).then(say));
process.on('disconnect', () => process.exit());
// Ctrl-C reaches the whole group; the gateway still has requests to finish.
process.on('SIGINT', () => undefined);
