import { fork, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Embedder } from '../core/embedder.ts';
import { messageOf, PointsmanError } from '../core/errors.ts';
import type { ProcessAsked, ProcessSaid } from './transformers-process.ts';
import { createVectorCache, toUnit } from './vector-cache.ts';

export interface TransformersOptions {
  readonly local_model_path: string;
  readonly quantized: boolean;
  readonly workers: number;
  readonly max_pending: number;
  readonly max_tokens: number;
  readonly cache_entries: number;
}

/** Longer texts are cut before they are tokenised: no tokenizer makes a token of more characters on average. */
const charactersPerToken = 12;

interface Waiting {
  readonly text: string;
  readonly resolve: (vector: Float32Array) => void;
  readonly reject: (error: PointsmanError) => void;
}

/** One process, and the text that it is at. */
interface Helper {
  readonly child: ChildProcess;
  isReady: boolean;
  busy: Waiting | null;
  alive: boolean;
}

/**
 * A sentence encoder in ONNX form, from a folder on this machine, in processes of their own with one computing thread
 * each: the runtime cannot be loaded twice in one process, and what kills it must not kill the gateway. Nothing is fetched. The vector is the mean over the tokens, brought to length 1. Throws `invalid_config` naming what the folder
 * lacks; `ready` rejects where it does not load. `embed` rejects with `embedder_unavailable` when `max_pending` texts
 * wait or every process has died: the route then degrades.
 */
export function createTransformersEmbedder(options: TransformersOptions): Embedder {
  const folder = resolve(options.local_model_path);
  const { dimensions, fingerprint } = inspectFolder(folder, options);
  const { quantized, max_tokens: maxTokens } = options;
  const cache = createVectorCache(options.cache_entries);
  const queue: Waiting[] = [];
  const failed = (why: string): PointsmanError =>
    new PointsmanError('embedder_unavailable', `The transformers embedder ${why}.`);
  let closed = false;
  const helpers: Helper[] = [];
  const ready = Promise.all(
    Array.from({ length: options.workers }, () => new Promise<void>((up, broken) => helpers.push(start(up, broken)))),
  ).then(() => undefined);
  // Whoever does not wait for it hears of it at the first text.
  ready.catch(() => undefined);

  function start(up: () => void, broken: (error: PointsmanError) => void): Helper {
    const child = startProcess();
    const helper: Helper = { child, isReady: false, busy: null, alive: true };
    const die = (why: string): void => {
      helper.alive = false;
      broken(new PointsmanError('invalid_config', `embedder.local_model_path: ${why}.`, { param: 'embedder' }));
      helper.busy?.reject(failed(why));
      helper.busy = null;
      if (helpers.some(({ alive }) => alive)) return;
      for (const { reject } of queue.splice(0)) reject(failed('has no living process'));
    };
    child.on('message', (said: ProcessSaid) => {
      switch (said.type) {
        case 'ready':
          helper.isReady = true;
          up();
          take(helper);
          break;
        case 'broken':
          die(`the model there does not load (${said.message})`);
          child.kill();
          break;
        case 'vector': {
          const vector = said.vector.length === dimensions ? toUnit(said.vector) : null;
          if (vector === null) helper.busy?.reject(failed('made something that is no vector of its dimensions'));
          else helper.busy?.resolve(vector);
          take(helper);
          break;
        }
        case 'failed':
          helper.busy?.reject(failed(`failed on a text (${said.message})`));
          take(helper);
          break;
        default:
          said satisfies never;
      }
    });
    child.once('error', (cause) => die(`its process failed (${messageOf(cause)})`));
    child.once('exit', () => die(closed ? 'was closed' : 'lost its process'));
    tell(child, { type: 'load', options: { folder, quantized, maxTokens } });
    return helper;
  }

  function take(helper: Helper): void {
    const next = helper.alive ? queue.shift() : undefined;
    helper.busy = next ?? null;
    holdOpen(helper.child, next !== undefined);
    if (next !== undefined) tell(helper.child, { type: 'embed', text: next.text });
  }

  const ask = (text: string): Promise<Float32Array> =>
    new Promise((resolveVector, reject) => {
      if (!helpers.some(({ alive }) => alive)) return reject(failed('has no living process'));
      if (queue.length >= options.max_pending) return reject(failed(`has ${queue.length} texts waiting`));
      queue.push({ text, resolve: resolveVector, reject });
      const idle = helpers.find(({ alive, isReady, busy }) => alive && isReady && busy === null);
      if (idle !== undefined) take(idle);
    });

  return {
    id: `transformers-v1-${fingerprint}-${maxTokens}-${dimensions}`,
    dimensions,
    ready: () => ready,
    embed(text) {
      if (text.trim() === '') return new Float32Array(dimensions);
      const read = text.slice(0, maxTokens * charactersPerToken);
      return cache.get(read, () => ask(read));
    },
    async close() {
      closed = true;
      await Promise.all(
        helpers.map(async ({ child, alive }) => {
          if (!alive) return;
          const gone = new Promise((done) => child.once('exit', done));
          child.kill();
          await gone;
        }),
      );
    },
  };
}

/** What can be seen without loading it: the width of its vectors, and a hash of what decides them. */
function inspectFolder(
  folder: string,
  { quantized, local_model_path: given }: TransformersOptions,
): { readonly dimensions: number; readonly fingerprint: string } {
  const refuse = (why: string): PointsmanError =>
    new PointsmanError('invalid_config', `embedder.local_model_path: ${given} ${why}.`, { param: 'embedder' });
  const model = join('onnx', quantized ? 'model_quantized.onnx' : 'model.onnx');
  const needed = ['config.json', 'tokenizer.json', 'tokenizer_config.json', model];
  const missing = needed.filter((file) => !existsSync(join(folder, file)));
  if (missing.length > 0) {
    throw refuse(`lacks ${missing.join(', ')}; it must hold a sentence encoder in the layout of @xenova/transformers`);
  }
  let config: unknown;
  try {
    config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
  } catch (cause) {
    throw refuse(`has a config.json that is not JSON (${messageOf(cause)})`);
  }
  const width: unknown = typeof config === 'object' && config !== null ? Reflect.get(config, 'hidden_size') : undefined;
  if (typeof width !== 'number' || !Number.isSafeInteger(width) || width < 1) {
    throw refuse('has a config.json without "hidden_size", the width of its vectors');
  }
  const hash = createHash('sha256');
  for (const file of ['tokenizer.json', 'tokenizer_config.json', model]) hash.update(readFileSync(join(folder, file)));
  return { dimensions: width, fingerprint: hash.digest('hex').slice(0, 12) };
}

/** From source (tests, `tsx`) the process first gets the loader that reads TypeScript. */
function startProcess(): ChildProcess {
  const isSource = import.meta.url.endsWith('.ts');
  const entry = fileURLToPath(
    new URL(isSource ? './transformers-process.ts' : './transformers-process.js', import.meta.url),
  );
  const child = fork(entry, {
    execArgv: isSource ? ['--import', import.meta.resolve('tsx')] : [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  return child;
}

/** Whoever waits for it is kept alive; idle, it keeps nobody. */
function holdOpen(child: ChildProcess, holds: boolean): void {
  if (holds) {
    child.ref();
    child.channel?.ref();
  } else {
    child.unref();
    child.channel?.unref();
  }
}

/** A process that is gone has said so, or will. */
const tell = (child: ChildProcess, asked: ProcessAsked): void => void child.send(asked, () => undefined);
