import { parentPort, workerData } from 'node:worker_threads';
import { connect, faultOf, type Connection } from './connection.ts';
import type { Answer, Calls, Order, WorkerOptions } from './messages.ts';
import { createRetentionPass, type RetentionPass } from './retention.ts';

/**
 * The thread that owns the database: a slow disk, a lock or a checkpoint stops this loop and no request. Orders are
 * carried out one after the other, as they came.
 */
const port = parentPort;
if (port === null) throw new Error('outcomes/worker is started by outcomes/worker-client.');
const options: WorkerOptions = workerData;

let connection: Connection | null = null;
/** The file was removed or exchanged since the last write was answered. */
let replaced = false;
/** Of the file that went: the log of the next one goes on behind it. */
let passedSeq = 0;

function use(now: number): Connection {
  if (connection !== null && !connection.current()) {
    const gone = connection;
    connection = null;
    replaced = true;
    try {
      // A file without a name is still there for who has it open.
      passedSeq = Math.max(passedSeq, gone.lastSeq());
    } finally {
      gone.close();
    }
  }
  connection ??= connect(options, now, passedSeq);
  return connection;
}

const send = (answer: Answer): void => port.postMessage(answer);

/** A batch a turn, so that rows and rewards are written in between. */
function retain(id: number, pass: RetentionPass): void {
  try {
    if (pass.step()) send({ id, result: pass.result });
    else setImmediate(retain, id, pass);
  } catch (error) {
    send({ id, fault: faultOf(error, options.path) });
  }
}

function carryOut(order: Order): Calls[keyof Calls]['result'] | undefined {
  switch (order.call) {
    case 'open':
      use(order.order.now);
      return null;
    case 'write': {
      const result = use(order.order.now).write(order.order);
      const answer = { ...result, replaced };
      replaced = false;
      return answer;
    }
    case 'observations':
      return use(order.order.now).reader.observations(order.order.afterSeq, order.order.limit);
    case 'spend':
      return use(order.order.now).reader.spend(order.order.since);
    case 'saveSnapshot':
      use(order.order.now).reader.saveSnapshot(
        order.order.learner,
        order.order.seq,
        order.order.state,
        order.order.now,
      );
      return null;
    case 'loadSnapshot':
      return use(order.order.now).reader.loadSnapshot(order.order.learner, order.order.beforeSeq);
    case 'retain':
      retain(order.id, createRetentionPass(use(order.order.now).database, order.order, order.order.now));
      return undefined;
    case 'close':
      connection?.close();
      connection = null;
      return null;
    default:
      return order satisfies never;
  }
}

port.on('message', (order: Order) => {
  try {
    const result = carryOut(order);
    if (result !== undefined) send({ id: order.id, result });
    if (order.call === 'close') port.close();
  } catch (error) {
    send({ id: order.id, fault: faultOf(error, options.path) });
  }
});
