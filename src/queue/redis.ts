import { Redis } from 'ioredis';
import { messageOf } from '../core/errors.ts';

/** The only file that knows ioredis. */

export type Argument = string | number | Buffer;

/** What Redis answers: text is a Buffer, nothing is null. */
export type Reply = null | number | Buffer | readonly Reply[];

/** One living connection. When it ends, every call that waits on it rejects, and it never comes back: see `RedisLink`. */
export interface RedisSession {
  /** Names one run of the server: another one may have lost what it last said it had. */
  readonly serverRun: string;
  /** Rejects where Redis refuses, or the connection ends first. */
  call(command: string, ...args: readonly Argument[]): Promise<Reply>;
  /** Runs a Lua script: the first `keys.length` of its arguments are keys. */
  run(script: string, keys: readonly string[], args: readonly Argument[]): Promise<Reply>;
  /** For BullMQ, which brings its own commands; a connection of its own, ended with the session. */
  readonly raw: Redis;
}

export type RedisState =
  | { readonly type: 'connecting'; readonly reason: string }
  | { readonly type: 'ready'; readonly session: RedisSession }
  /** It answers, and will go on refusing until somebody mends it. */
  | { readonly type: 'refused'; readonly reason: string };

export interface RedisLinkOptions {
  /** `redis://` or `rediss://`; the password in it is never told. */
  readonly url: string;
  /** Messages of this channel are heard. */
  readonly channel: string;
  /** Told once per change of fortune. */
  readonly onTrouble: (message: string) => void;
}

/** Keeps one session alive, with a new one whenever it ends. */
export interface RedisLink {
  readonly state: RedisState;
  /** Called with each session when it is ready, and with null when it has ended. */
  onSession(handler: (session: RedisSession | null) => void): void;
  onMessage(handler: (text: string) => void): void;
  /** Resolves when it is known whether Redis can be used, at most after `limitMs`. */
  settled(limitMs: number): Promise<void>;
  close(): Promise<void>;
}

/** XTRIM MINID and what BullMQ recommends. */
const oldestVersion = [6, 2] as const;
const firstRetryMs = 100;
const lastRetryMs = 2_000;
const refusedRetryMs = 5_000;
/** A server that takes the connection and then says nothing is as good as gone. */
const handshakeMs = 5_000;
const commandTimeoutMs = 10_000;

/** The URL without its password: for people. */
export function redisAddress(url: string): string {
  const { protocol, hostname, port, pathname } = new URL(url);
  return `${protocol}//${hostname}:${port === '' ? '6379' : port}${pathname === '/' ? '' : pathname}`;
}

class Refusal extends Error {}

/** What to say of a connection that failed; a Refusal where only a person can mend it. */
function explain(error: unknown): Error {
  const message = messageOf(error);
  if (/WRONGPASS|invalid password/i.test(message)) {
    return new Refusal('it refuses the user or password; correct queue.url');
  }
  if (/NOAUTH/.test(message)) return new Refusal('it wants a password; write it into queue.url, as ${NAME}');
  if (/NOPERM/.test(message)) return new Refusal(`its user may not do what is needed (${message})`);
  return error instanceof Error ? error : new Error(message);
}

function checkVersion(info: string): void {
  const version = /^redis_version:(\S+)/m.exec(info)?.[1] ?? 'unknown';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const tooOld = major < oldestVersion[0] || (major === oldestVersion[0] && minor < oldestVersion[1]);
  if (!tooOld) return;
  throw new Refusal(`its version is ${version}, and ${oldestVersion.join('.')} or newer is needed`);
}

export function openRedisLink({ url, channel, onTrouble }: RedisLinkOptions): RedisLink {
  const sessionHandlers: ((session: RedisSession | null) => void)[] = [];
  const messageHandlers: ((text: string) => void)[] = [];
  const address = redisAddress(url);
  let state: RedisState = { type: 'connecting', reason: `Redis at ${address} was not reached yet` };
  let clients: readonly Redis[] = [];
  let timer: NodeJS.Timeout | null = null;
  let failures = 0;
  let closed = false;
  let told = '';
  let waiting: (() => void)[] = [];

  const settle = (): void => {
    for (const done of waiting) done();
    waiting = [];
  };

  /** Ends and reconnects by ourselves: what was sent and not answered must fail, not be sent a second time. */
  const client = (more: object = {}): Redis => {
    const made = new Redis(url, {
      lazyConnect: true,
      retryStrategy: () => null,
      enableOfflineQueue: false,
      maxRetriesPerRequest: null,
      connectTimeout: handshakeMs,
      protocol: 2,
      ...more,
    });
    // Told by `connect`, or by `end`.
    made.on('error', () => {});
    return made;
  };

  const drop = (): void => {
    for (const each of clients) each.disconnect();
    clients = [];
  };

  const ended = (error: unknown): void => {
    if (closed) return;
    const was = state.type;
    const explained = explain(error);
    const refused = explained instanceof Refusal;
    const reason = `Redis at ${address} cannot be used: ${explained.message}`;
    state = { type: refused ? 'refused' : 'connecting', reason };
    drop();
    if (reason !== told) onTrouble(`${reason}. Requests are served with what is known; facts wait in the database.`);
    told = reason;
    if (was === 'ready') for (const handler of sessionHandlers) handler(null);
    if (refused || failures > 0) settle();
    const delayMs = refused ? refusedRetryMs : Math.min(lastRetryMs, firstRetryMs * 2 ** failures);
    failures++;
    timer = setTimeout(() => void connect(), delayMs);
  };

  const connect = async (): Promise<void> => {
    timer = null;
    const commands = client({ commandTimeout: commandTimeoutMs });
    const listener = client();
    const raw = client({ enableOfflineQueue: true });
    clients = [commands, listener, raw];
    let over = false;
    const end = (error: unknown): void => {
      if (over) return;
      over = true;
      ended(error);
    };
    const handshake = setTimeout(() => end(new Error('it does not answer')), handshakeMs);
    let lastError: unknown = new Error('the connection ended');
    for (const each of clients) {
      each.on('error', (error: unknown) => (lastError = error));
      each.on('end', () => end(lastError));
    }
    try {
      await Promise.all(clients.map((each) => each.connect()));
      const info = await commands.info();
      checkVersion(info);
      listener.on('message', (_channel: string, text: string) => {
        for (const handler of messageHandlers) handler(text);
      });
      await listener.subscribe(channel);
      if (over || closed) return;
      ready(commands, raw, info);
    } catch (error) {
      end(messageOf(error).includes('Connection is closed') ? lastError : error);
    } finally {
      clearTimeout(handshake);
    }
  };

  const ready = (commands: Redis, raw: Redis, info: string): void => {
    failures = 0;
    told = '';
    const serverRun = /^run_id:(\S+)/m.exec(info)?.[1] ?? '';
    const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? 'noeviction';
    const limited = /^maxmemory:(\d+)/m.exec(info)?.[1] ?? '0';
    if (policy !== 'noeviction' && limited !== '0') {
      onTrouble(`Redis at ${address} may forget what it holds (maxmemory-policy ${policy}); set it to noeviction.`);
    }
    const call: RedisSession['call'] = (command, ...args) =>
      commands.callBuffer(command, [...args]).then((reply) => asReply(reply));
    const session: RedisSession = {
      serverRun,
      raw,
      call,
      run: (script, keys, args) => call('eval', script, keys.length, ...keys, ...args),
    };
    state = { type: 'ready', session };
    settle();
    for (const handler of sessionHandlers) handler(session);
  };

  void connect();

  return {
    get state() {
      return state;
    },
    onSession(handler) {
      sessionHandlers.push(handler);
      if (state.type === 'ready') handler(state.session);
    },
    onMessage: (handler) => void messageHandlers.push(handler),
    settled(limitMs) {
      if (state.type !== 'connecting' || failures > 0) return Promise.resolve();
      return new Promise((resolve) => {
        const limit = setTimeout(resolve, limitMs);
        waiting.push(() => {
          clearTimeout(limit);
          resolve();
        });
      });
    },
    close() {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      settle();
      drop();
      return Promise.resolve();
    },
  };
}

function asReply(value: unknown): Reply {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number' || Buffer.isBuffer(value)) return value;
  if (Array.isArray(value)) return value.map(asReply);
  if (typeof value === 'string') return Buffer.from(value);
  throw new Error('Redis answered in a way that is not understood');
}
