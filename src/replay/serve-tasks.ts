import { parentPort } from 'node:worker_threads';
import { messageOf, PointsmanError } from '../core/errors.ts';
import type { ThreadSaid } from './threads.ts';

/**
 * A thread of a `ThreadPool`: does what it is sent, one task after another.
 *
 * @param movedOf buffers of an answer that go over without being copied.
 */
export function serveTasks<Job, Answer>(
  carryOut: (job: Job, onStep: (done: number, total: number) => void) => Answer | Promise<Answer>,
  movedOf: (answer: Answer, job: Job) => readonly ArrayBufferLike[] = () => [],
): void {
  const say = (said: ThreadSaid<Answer>, moved: readonly ArrayBufferLike[] = []): void =>
    parentPort?.postMessage(
      said,
      moved.filter((buffer) => buffer instanceof ArrayBuffer),
    );
  parentPort?.on('message', (job: Job) => {
    void (async () => {
      try {
        const answer = await carryOut(job, (done, total) => say({ type: 'step', done, total }));
        say({ type: 'answer', answer }, movedOf(answer, job));
      } catch (thrown) {
        const code = thrown instanceof PointsmanError ? thrown.code : 'internal_error';
        say({ type: 'failed', code, message: messageOf(thrown) });
      }
    })();
  });
}
