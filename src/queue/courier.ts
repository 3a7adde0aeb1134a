import { Queue, Worker } from 'bullmq';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { messageOf, PointsmanError } from '../core/errors.ts';
import { decodeBatch, encodeBatch, lastOf, type EventBatch } from './event-batch.ts';
import type { QueueKeys } from './keys.ts';
import type { RedisSession } from './redis.ts';

/** The only file that knows BullMQ: it carries batches from gateways to whichever learner is free, at least once. */

const queueName = 'events';
const longestMs = 3_000;

/** The members beside the bytes are for people who look into the queue. */
const Job = Type.Object({
  producer: Type.String(),
  after: Type.Number(),
  last: Type.Number(),
  count: Type.Number(),
  bytes: Type.String(),
});

export interface Sender {
  /** Resolves when Redis has it. The same batch `again`, while it waits, changes nothing. */
  send(batch: EventBatch, again: boolean): Promise<void>;
  close(): Promise<void>;
}

export function createSender(session: RedisSession, keys: QueueKeys): Sender {
  const queue = new Queue(queueName, {
    connection: session.raw,
    prefix: keys.tag,
    skipVersionCheck: true,
    // A batch that failed comes again from its gateway, so nothing here is ever the last copy.
    defaultJobOptions: {
      removeOnComplete: true,
      removeOnFail: true,
      attempts: 3,
      backoff: { type: 'fixed', delay: 200 },
    },
  });
  // Its errors come out of `send`.
  queue.on('error', () => {});
  return {
    async send(batch, again) {
      const { producer, after, events } = batch;
      const last = lastOf(batch);
      const data = { producer, after, last, count: events.length, bytes: encodeBatch(batch).toString('base64') };
      const jobId = `${producer}-${after}-${last}`;
      // A job in no list (see `OrderedLog` on halves of scripts) would be in the way of the same one for ever.
      if (again && (await limited(queue.getJobState(jobId))) === 'unknown') await limited(queue.remove(jobId));
      await limited(queue.add('events', data, { jobId }));
    },
    close: () => quietly(queue.close()),
  };
}

export interface Receiver {
  close(): Promise<void>;
}

/** Takes batches as they come. `deliver` rejects: it is tried again. `onTrouble` hears of batches that cannot be read. */
export function createReceiver(
  session: RedisSession,
  keys: QueueKeys,
  deliver: (batch: EventBatch) => Promise<void>,
  onTrouble: (message: string) => void,
): Receiver {
  const worker = new Worker(
    queueName,
    async ({ data }: { readonly data: unknown }) => {
      if (!Value.Check(Job, data)) throw new PointsmanError('invalid_data', 'a job of the queue has another shape');
      await deliver(decodeBatch(Buffer.from(data.bytes, 'base64')));
    },
    {
      connection: session.raw,
      prefix: keys.tag,
      skipVersionCheck: true,
      concurrency: 4,
      // A learner that was killed in the middle of a batch: another one takes it over this soon.
      lockDuration: 5_000,
      stalledInterval: 2_500,
      maxStalledCount: 5,
      drainDelay: 2,
    },
  );
  worker.on('failed', (_job, error) => onTrouble(`A batch of events was not taken: ${messageOf(error)}`));
  // The link sees it too and begins a new session.
  worker.on('error', () => {});
  return { close: () => quietly(worker.close(true)) };
}

/** What goes wrong at the end is the end of the connection. */
const quietly = (ending: Promise<unknown>): Promise<void> =>
  limited(ending).then(
    () => undefined,
    () => undefined,
  );

/** BullMQ waits for a connection for ever; ours does not come back. */
async function limited<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('Redis took too long')), longestMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
