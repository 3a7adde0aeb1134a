import { spawn } from 'node:child_process';
import { PointsmanError } from '../../core/errors.ts';

/** A program that answers lines of JSON on its standard output. */
export interface ExecProcess {
  /** Waits while the program is slow to read. Rejects as `ask` does. */
  tell(message: unknown): Promise<void>;
  /**
   * Sends a message and gives the next line that is answered, parsed. Rejects with `invalid_data`, in one line, where the
   * program ends, stalls for `timeoutMs`, or answers something that is not JSON.
   *
   * @param what for errors: `query "mbpp.17"`.
   */
  ask(message: unknown, what: string, timeoutMs: number): Promise<unknown>;
  /** Closes its input, waits a moment, then kills it and all that it started. */
  close(): Promise<void>;
}

const mostLineBytes = 4 << 20;
const keptStderr = 2_000;
const graceMs = 1_000;

interface Waiting {
  readonly resolve: (line: string) => void;
  readonly reject: (error: PointsmanError) => void;
}

/** Runs `command` by the shell, in a process group of its own. */
export function startExec(command: string): ExecProcess {
  const child = spawn(command, { shell: true, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  const lines: string[] = [];
  let waiting: Waiting | null = null;
  let failure: PointsmanError | null = null;
  let pending = '';
  let errors = '';
  let hasEnded = false;

  const problem = (why: string): PointsmanError => {
    const said = errors.trim().split('\n').at(-1) ?? '';
    const last = said === '' ? '' : ` (its last words: ${JSON.stringify(said.slice(0, 200))})`;
    return new PointsmanError('invalid_data', `exec "${command}": ${why}${last}.`);
  };
  const fail = (error: PointsmanError): void => {
    failure ??= error;
    waiting?.reject(failure);
    waiting = null;
  };
  const kill = (): void => {
    if (child.pid === undefined || hasEnded) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has just ended by itself.
    }
  };

  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (pending + text).split('\n');
    pending = parts.pop() ?? '';
    if (pending.length > mostLineBytes) {
      fail(problem('it answered a line of more than 4 MB'));
      kill();
      return;
    }
    lines.push(...parts.filter((line) => line.trim() !== ''));
    const next = waiting === null ? undefined : lines.shift();
    if (next === undefined) return;
    const { resolve } = waiting ?? {};
    waiting = null;
    resolve?.(next);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-keptStderr);
  });
  // What was wrong with the pipe is told by how the program ended.
  child.stdin.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => {
    child.on('error', (cause) => {
      hasEnded = true;
      fail(problem(`it cannot be started: ${cause.message}`));
      resolve();
    });
    child.on('close', (code, signal) => {
      hasEnded = true;
      fail(problem(signal === null ? `it ended with code ${code ?? 'unknown'}` : `it was ended by ${signal}`));
      resolve();
    });
  });

  const tell = async (message: unknown): Promise<void> => {
    if (failure !== null) throw failure;
    if (child.stdin.write(`${JSON.stringify(message)}\n`)) return;
    await Promise.race([new Promise((resolve) => child.stdin.once('drain', resolve)), ended]);
    if (failure !== null) throw failure;
  };

  /** A program that has ended may have answered before; `ended` comes after the last of its output. */
  const line = (what: string, timeoutMs: number): Promise<string> => {
    const ready = lines.shift();
    if (ready !== undefined) return Promise.resolve(ready);
    if (failure !== null) return Promise.reject(failure);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        fail(problem(`it gave no answer to ${what} within ${timeoutMs / 1000} s`));
        kill();
      }, timeoutMs);
      waiting = {
        resolve: (text) => {
          clearTimeout(timer);
          resolve(text);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(new PointsmanError('invalid_data', error.message.replace(/\.$/, `, while asked for ${what}.`)));
        },
      };
    });
  };

  return {
    async tell(message) {
      await tell(message);
    },
    async ask(message, what, timeoutMs) {
      if (failure === null) child.stdin.write(`${JSON.stringify(message)}\n`);
      const text = await line(what, timeoutMs);
      try {
        const answer: unknown = JSON.parse(text);
        return answer;
      } catch {
        const shown = JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text);
        throw problem(`it answered ${what} with ${shown}, which is not JSON`);
      }
    },
    async close() {
      child.stdin.end();
      const timer = setTimeout(kill, graceMs);
      await ended;
      clearTimeout(timer);
    },
  };
}
