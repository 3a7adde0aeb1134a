import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Null where there is no `redis-server` in the PATH; tests that need one then say so and skip. */
export const redisVersion: string | null =
  /v=(\S+)/.exec(spawnSync('redis-server', ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1] ?? null;

export const withoutRedis = redisVersion === null;
if (withoutRedis) console.info('skipped: no redis-server in the PATH (apt-get install redis-server)');

export interface RedisProcess {
  readonly url: string;
  readonly port: number;
  /** The part of its append-only file that grows. */
  readonly appendOnlyFile: string;
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** Starts again on the same port with what lies on the disk. */
  start(): Promise<void>;
  /** Ends it and removes its files. */
  close(): Promise<void>;
}

/** A real Redis on a free loopback port with its append-only file on. */
export async function startRedis(flags: readonly string[] = ['--appendfsync', 'everysec']): Promise<RedisProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'pointsman-redis-'));
  const port = await freePort();
  let child: ChildProcess | null = null;

  const start = async (): Promise<void> => {
    const started = spawn(
      'redis-server',
      ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'yes', ...flags],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    child = started;
    let said = '';
    await new Promise<void>((resolve, reject) => {
      started.stdout.on('data', (bytes: Buffer) => {
        said += bytes.toString();
        if (said.includes('Ready to accept connections')) resolve();
      });
      started.once('error', reject);
      started.once('exit', (code) => reject(new Error(`redis-server ended with ${code}:\n${said}`)));
    });
  };
  const kill = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    const running = child;
    child = null;
    if (running === null || running.exitCode !== null || running.signalCode !== null) return;
    running.kill(signal);
    await once(running, 'exit');
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    appendOnlyFile: join(folder, 'appendonlydir', 'appendonly.aof.1.incr.aof'),
    kill,
    start,
    async close() {
      await kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
