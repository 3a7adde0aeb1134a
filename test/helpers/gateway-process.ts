import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface GatewayProcess {
  readonly url: string;
  /** What it printed before it was ready. */
  readonly banner: string;
  /** `SIGKILL` leaves it no time for anything. Resolves with the exit code, or the signal's name. */
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | string>;
  /** Of those that it survives. */
  signal(signal: 'SIGHUP'): void;
}

const bin = fileURLToPath(new URL('../../bin/pointsman', import.meta.url));

/** The built gateway as its own process, as people run it; resolves when it serves. `npm test` builds first. */
export async function spawnGateway(
  flags: readonly string[],
  more: { readonly cwd?: string; readonly environment?: Readonly<Record<string, string>> } = {},
): Promise<GatewayProcess> {
  const child = spawn(process.execPath, [bin, 'serve', '--port', '0', ...flags], {
    cwd: more.cwd,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...more.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  let complained = '';
  child.stderr.on('data', (bytes: Buffer) => void (complained += bytes.toString()));
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (bytes: Buffer) => {
      printed += bytes.toString();
      const found = /https?:\/\/[\d.]+:\d+/.exec(printed);
      // The banner comes in one piece after the URL is known.
      if (found && printed.includes('try it')) resolve(found[0]);
    });
    void exited.then(([code]) => reject(new Error(`the gateway ended with ${code} before it served:\n${complained}`)));
  });
  return {
    url,
    banner: printed,
    signal: (signal) => void child.kill(signal),
    async kill(signal) {
      child.kill(signal);
      const [code, by] = await exited;
      return code ?? by ?? 'unknown';
    },
  };
}
