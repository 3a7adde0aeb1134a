import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface LearnProcess {
  /** What it logged so far. */
  readonly log: string;
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | string>;
}

const bin = fileURLToPath(new URL('../../bin/pointsman', import.meta.url));

/** `pointsman learn` as its own process; resolves when it has begun. `npm test` builds first. */
export async function spawnLearner(
  flags: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<LearnProcess> {
  const child = spawn(process.execPath, [bin, 'learn', ...flags], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (bytes: Buffer) => void (log += bytes.toString()));
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
  await Promise.race([
    once(child.stdout, 'data'),
    exited.then(([code]) => Promise.reject(new Error(`pointsman learn ended with ${code}:\n${log}`))),
  ]);
  return {
    get log() {
      return log;
    },
    async kill(signal) {
      child.kill(signal);
      const [code, by] = await exited;
      return code ?? by ?? 'unknown';
    },
  };
}
