import { afterEach, expect, test } from 'vitest';
import { PointsmanError } from '../../src/core/errors.ts';
import { reloadEndpoint } from '../../src/http/reload.ts';
import { createServer } from '../../src/http/server.ts';
import { collectLogger } from '../helpers/collect-logger.ts';
import { createInMemoryGateway } from '../helpers/in-memory-gateway.ts';

const apps: { close(): Promise<void> }[] = [];
afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())));

function start(everybody: boolean, reload: () => Promise<void>) {
  const gateway = createInMemoryGateway();
  const app = createServer(gateway, collectLogger());
  reloadEndpoint(app, gateway, { reload, everybody });
  apps.push(app);
  return app;
}

test('where "auth: none" serves everybody, nobody may have the file read again', async () => {
  let reloads = 0;
  const app = start(true, async () => void reloads++);
  const answer = await app.inject({ method: 'POST', url: '/admin/reload' });
  expect([answer.statusCode, answer.json()]).toMatchObject([403, { error: { code: 'permission_denied' } }]);
  expect(reloads).toBe(0);
});

test('answers when the new file serves, and with the reason where it is refused', async () => {
  let refuse = false;
  const app = start(false, async () => {
    if (refuse) throw new PointsmanError('invalid_config', 'pointsman.yaml:3:1 models: is missing.');
  });
  const ask = () => app.inject({ method: 'POST', url: '/admin/reload' });
  expect((await ask()).json()).toEqual({ status: 'reloaded' });
  refuse = true;
  expect((await ask()).json()).toMatchObject({ error: { message: 'pointsman.yaml:3:1 models: is missing.' } });
  expect((await app.inject({ method: 'GET', url: '/admin/reload' })).statusCode).toBe(405);
});
