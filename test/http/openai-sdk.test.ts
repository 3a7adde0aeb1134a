import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import OpenAI, {
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
} from 'openai';
import { afterEach, expect, test } from 'vitest';
import { PointsmanError, type ErrorCode } from '../../src/core/errors.ts';
import { createServer } from '../../src/http/server.ts';
import { collectLogger } from '../helpers/collect-logger.ts';
import {
  answerStream,
  contentEvent,
  createInMemoryGateway,
  failBeforeCommit,
  hangUntilAbort,
  type InMemoryGateway,
  type InMemoryOptions,
} from '../helpers/in-memory-gateway.ts';

let app: FastifyInstance | undefined;
afterEach(() => app?.close());

async function connect(options: InMemoryOptions = {}): Promise<{ client: OpenAI; gateway: InMemoryGateway }> {
  const gateway = createInMemoryGateway(options);
  app = createServer(gateway, collectLogger());
  const address = await app.listen({ port: 0, host: '127.0.0.1' }).then(() => app?.server.address() as AddressInfo);
  return { client: new OpenAI({ baseURL: `http://127.0.0.1:${address.port}/v1`, apiKey: 'any' }), gateway };
}

const ask = { model: 'auto', messages: [{ role: 'user' as const, content: 'Hello?' }] };

test('chat, models and the request id', async () => {
  const { client, gateway } = await connect();
  const answer = await client.chat.completions.create(ask);
  expect(answer.choices[0]?.message.content).toBe('Hello.');
  expect(answer._request_id).toBe(gateway.decisions[0]?.query.id);
  expect((await client.models.list()).data.map(({ id }) => id)).toContain('auto');
  expect((await client.models.retrieve('org/large')).id).toBe('org/large');
});

test('a stream, and one that breaks off', async () => {
  const { client } = await connect({
    script: answerStream([contentEvent('Hel'), contentEvent('lo'), 'data: [DONE]\n\n']),
  });
  let text = '';
  for await (const chunk of await client.chat.completions.create({ ...ask, stream: true })) {
    text += chunk.choices[0]?.delta.content ?? '';
  }
  expect(text).toBe('Hello');
  await app?.close();

  const failure = { kind: 'cut', error: new PointsmanError('upstream_cut', 'Cut.'), retryable: false } as const;
  const broken = await connect({ script: answerStream([contentEvent('Hel')], { failure }) });
  text = '';
  await expect(
    (async () => {
      for await (const chunk of await broken.client.chat.completions.create({ ...ask, stream: true })) {
        text += chunk.choices[0]?.delta.content ?? '';
      }
    })(),
  ).rejects.toMatchObject({ code: 'upstream_cut', message: expect.stringContaining('Cut.') });
  expect(text).toBe('Hel');
});

test('leaving a stream, or aborting before its first byte, reaches the upstream', async () => {
  const { client, gateway } = await connect({ script: hangUntilAbort });
  const controller = new AbortController();
  const pending = client.chat.completions.create({ ...ask, stream: true }, { signal: controller.signal });
  setTimeout(() => controller.abort(), 30);
  await expect(pending).rejects.toBeInstanceOf(APIUserAbortError);
  for (let i = 0; i < 500 && gateway.completions.length === 0; i++)
    await new Promise((resolve) => setTimeout(resolve, 2));
  expect(gateway.executions[0]?.signal.aborted).toBe(true);
});

test.each<[ErrorCode, new (...parts: never[]) => Error, number]>([
  ['invalid_request', BadRequestError, 1],
  ['missing_api_key', AuthenticationError, 1],
  ['permission_denied', PermissionDeniedError, 1],
  ['model_not_found', NotFoundError, 1],
  ['budget_exceeded', RateLimitError, 1],
  // Our attempts are used up and nobody knows when it gets better: the SDK must not repeat them.
  ['upstream_credential', InternalServerError, 1],
  ['upstream_failed', InternalServerError, 1],
  ['upstream_timeout', InternalServerError, 1],
])('%s is an %o after %i call', async (code, kind, calls) => {
  const { client, gateway } = await connect({
    script: failBeforeCommit(new PointsmanError(code, 'Why.', { param: 'p' })),
  });
  const error: unknown = await client.chat.completions.create(ask).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(kind);
  expect(error).toMatchObject({ code, param: 'p', requestID: expect.stringMatching(/^req_/) });
  expect(gateway.executions).toHaveLength(calls);
});

test('the SDK comes back when it is told when', async () => {
  let first = true;
  const { client, gateway } = await connect({
    script: (execution) => {
      if (!first) {
        answerStream([contentEvent('Hi'), 'data: [DONE]\n\n'])(execution);
        return;
      }
      first = false;
      failBeforeCommit(new PointsmanError('rate_limited', 'Cooling.', { retryAfterMs: 20 }))(execution);
    },
  });
  await client.chat.completions.create({ ...ask, stream: true });
  expect(gateway.executions).toHaveLength(2);
});
