import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { guardedLookup } from '../../src/network/guarded-lookup.ts';
import { createOpenAiCompatible } from '../../src/backends/openai-compatible.ts';
import { systemClock } from '../../src/core/clock.ts';
import { seededRandom } from '../../src/core/random.ts';
import { createUpstream } from '../../src/upstream/upstream.ts';
import { decisionOver, modelOf, queryOf, targetOf } from './fixtures.ts';

/** Hosts on loopback addresses of their own, at one port: what a name means changes, as with DNS in a cluster. */
interface Host {
  readonly address: string;
  answered: number;
  /** Connections ever, and now. */
  opened: number;
  open: number;
  readonly server: Server;
}

const answer = JSON.stringify({
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: '4' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
});

const started: Server[] = [];
afterEach(() => {
  for (const server of started.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function host(address: string, port: number): Promise<Host> {
  const self: Host = {
    address,
    answered: 0,
    opened: 0,
    open: 0,
    server: createServer((request, response) => {
      request.resume().on('end', () =>
        setTimeout(() => {
          self.answered++;
          response.setHeader('content-type', 'application/json').end(answer);
        }, 3),
      );
    }),
  };
  self.server.on('connection', (socket) => {
    self.opened++;
    self.open++;
    socket.on('close', () => self.open--);
  });
  started.push(self.server);
  await new Promise<void>((resolve, reject) => {
    self.server.once('error', reject).listen(port, address, resolve);
  });
  return self;
}

const portOf = ({ server }: Host): number => (server.address() as AddressInfo).port;

/** What the name means now, and an upstream that finds out at each connection. */
function rigOf(port: number, recheckMs?: number) {
  const meaning: { addresses: string[]; asked: number } = { addresses: [], asked: 0 };
  const lookup = guardedLookup((_, __, callback) => {
    meaning.asked++;
    callback(
      null,
      meaning.addresses.map((address) => ({ address, family: 4 })),
    );
  });
  const upstream = createUpstream({
    backends: new Map([['openai-compatible', createOpenAiCompatible({ clock: systemClock, lookup, recheckMs })]]),
    clock: systemClock,
    random: seededRandom('names'),
  });
  onTestFinished(() => upstream.close());
  const models = [modelOf('m', [targetOf('m@pool', `http://models.example:${port}/v1`)])];
  const body = { model: 'auto', messages: [{ role: 'user', content: '2 + 2' }] };
  const send = (): Promise<string | null> =>
    new Promise((resolve) => {
      upstream.execute(
        decisionOver(models),
        new Map(models.map((model) => [model.id, model])),
        queryOf(),
        { raw: Buffer.from(JSON.stringify(body)), parsed: body },
        false,
        {
          gone: false,
          onGone: () => undefined,
          commit: () => undefined,
          write: () => true,
          onDrain: (resume) => resume(),
          finish: ({ failure }) => resolve(failure === null ? null : failure.error.message),
        },
      );
    });
  return { meaning, send };
}

/** Two loopback hosts at one port, or null with a printed reason where the machine has but one loopback address. */
async function pair(): Promise<readonly [Host, Host] | null> {
  const one = await host('127.0.0.1', 0);
  try {
    return [one, await host('127.0.0.2', portOf(one))];
  } catch (error) {
    console.log(`skipped: 127.0.0.2 cannot be bound here (${String(error)})`);
    return null;
  }
}

describe('hosts behind one name', () => {
  it('come and go while requests run, and none is lost; a kill costs no more than what ran there', async () => {
    const hosts = await pair();
    if (hosts === null) return;
    const [one, two] = hosts;
    const { meaning, send } = rigOf(portOf(one));
    meaning.addresses = [one.address];
    const failures: (string | null)[] = [];
    const run = { ended: false, answers: 0 };
    const client = async (): Promise<void> => {
      while (!run.ended) {
        failures.push(await send());
        run.answers++;
      }
    };
    const clients = Array.from({ length: 8 }, client);
    const more = async (count: number): Promise<void> => {
      const until = run.answers + count;
      while (run.answers < until) await new Promise((resolve) => setTimeout(resolve, 2));
    };
    try {
      await more(30);
      expect(two.answered).toBe(0);
      // Taken out of the name, then switched off: it takes no new connection and ends those that stand.
      meaning.addresses = [two.address];
      one.server.close();
      one.server.closeIdleConnections();
      await more(60);
      expect(two.answered).toBeGreaterThan(20);
      expect(failures.filter((failure) => failure !== null)).toEqual([]);
      // Killed while the name still means it first; the other one is back.
      await new Promise<void>((resolve) => one.server.listen(portOf(two), one.address, resolve));
      meaning.addresses = [two.address, one.address];
      const before = one.answered;
      two.server.close();
      two.server.closeAllConnections();
      await more(60);
      expect(one.answered - before).toBeGreaterThan(20);
    } finally {
      run.ended = true;
      await Promise.all(clients);
    }
    // One name is one target, and a call is repeated there once: what died twice is lost.
    const lost = failures.filter((failure) => failure !== null);
    expect(lost.length).toBeLessThanOrEqual(clients.length);
    for (const failure of lost) expect(failure).toContain('closed the connection before it answered');
  });

  it('share the work as soon as the name means both: connections of before end with what runs on them', async () => {
    const hosts = await pair();
    if (hosts === null) return;
    const [one, two] = hosts;
    const { meaning, send } = rigOf(portOf(one), 20);
    meaning.addresses = [one.address];
    const failures: (string | null)[] = [];
    const run = { ended: false };
    const client = async (): Promise<void> => {
      while (!run.ended) failures.push(await send());
    };
    const clients = Array.from({ length: 8 }, client);
    const until = async (holds: () => boolean): Promise<void> => {
      while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
    };
    try {
      await until(() => one.answered > 40);
      const { asked } = meaning;
      const { opened } = one;
      // Nothing new is heard of the name: connections stay.
      await until(() => meaning.asked > asked + 3);
      expect(one.opened).toBeLessThan(opened + clients.length);
      // No connection breaks, and the new host gets its share; the resolver always tells the old one first.
      meaning.addresses = [one.address, two.address];
      await until(() => two.answered > 40);
      await until(() => one.answered > 80);
      meaning.addresses = [two.address];
      await until(() => one.open === 0);
    } finally {
      run.ended = true;
      await Promise.all(clients);
    }
    expect(failures.filter((failure) => failure !== null)).toEqual([]);
  });

  it('are looked up for each connection and for no request, and a name that means nothing fails at once', async () => {
    const one = await host('127.0.0.1', 0);
    const { meaning, send } = rigOf(portOf(one));
    meaning.addresses = [one.address];
    for (let i = 0; i < 5; i++) expect(await send()).toBeNull();
    expect(meaning.asked).toBeLessThan(5);
    one.server.close();
    one.server.closeAllConnections();
    meaning.addresses = ['169.254.169.254'];
    expect(await send()).toContain('link-local');
  });
});
