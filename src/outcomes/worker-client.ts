import { Worker } from 'node:worker_threads';
import { messageOf } from '../core/errors.ts';
import type { StorageFault } from './database.ts';
import type { Call, Calls, WorkerOptions } from './messages.ts';

/** What a call rejects with. */
export class StorageFailure extends Error {
  override readonly name = 'StorageFailure';
  readonly fault: StorageFault;

  constructor(fault: StorageFault) {
    super(fault.message);
    this.fault = fault;
  }
}

/** Asks the thread that owns the database. A thread that died is started again by the next call. */
export interface WorkerClient {
  /** `transfer`: buffers that are handed over, not copied. Rejects with a StorageFailure, and with nothing else. */
  ask<Name extends Call>(
    call: Name,
    order: Calls[Name]['order'],
    transfer?: readonly ArrayBuffer[],
  ): Promise<Calls[Name]['result']>;
  /** Ends the thread; calls that still run are rejected. */
  stop(): Promise<void>;
}

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (failure: StorageFailure) => void;
}

/** As the thread sends it. `never` fits the promise that the id belongs to; the two files share `messages.ts`. */
type Incoming = { readonly id: number; readonly result: never } | { readonly id: number; readonly fault: StorageFault };

/**
 * From `dist/` the worker is a plain file. From source (tests, `tsx`) the thread first gets the loader that the
 * process itself runs under, because threads do not inherit it.
 */
function startWorker(options: WorkerOptions): Worker {
  if (!import.meta.url.endsWith('.ts')) {
    return new Worker(new URL('./worker.js', import.meta.url), { workerData: options });
  }
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const entry = JSON.stringify(new URL('./worker.ts', import.meta.url).href);
  const code = `import { register } from ${loader}; register(); await import(${entry});`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), { workerData: options, execArgv: [] });
}

export function createWorkerClient(options: WorkerOptions): WorkerClient {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | null = null;
  let nextId = 1;

  const failAll = (message: string): void => {
    for (const { reject } of waiting.values()) reject(new StorageFailure({ kind: 'unavailable', message }));
    waiting.clear();
  };

  const start = (): Worker => {
    const started = startWorker(options);
    let why = 'it ended';
    started.on('message', (message: Incoming) => {
      const call = waiting.get(message.id);
      waiting.delete(message.id);
      if ('fault' in message) call?.reject(new StorageFailure(message.fault));
      else call?.resolve(message.result);
    });
    started.on('error', (error) => {
      why = messageOf(error);
    });
    started.on('exit', () => {
      if (worker === started) worker = null;
      failAll(`The thread of the outcome database stopped: ${why}.`);
    });
    return started;
  };

  return {
    ask(call, order, transfer = []) {
      return new Promise((resolve, reject) => {
        const id = nextId++;
        waiting.set(id, { resolve, reject });
        worker ??= start();
        worker.postMessage({ id, call, order }, transfer);
      });
    },
    async stop() {
      await worker?.terminate();
    },
  };
}
