import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildApp, type App } from '../../src/app.ts';
import type { RecordedLookup } from '../../src/backends/simulated.ts';
import { parseConfig } from '../../src/config/load.ts';
import { collectLogger } from './collect-logger.ts';

export interface RunningGateway {
  readonly app: App;
  /** Without a trailing slash, e.g. `http://127.0.0.1:40123`. */
  readonly url: string;
  /** Folder with the database; kept until `close`. */
  readonly folder: string;
  /** Lines that were logged. */
  readonly log: readonly string[];
  close(): Promise<void>;
}

/**
 * The whole gateway, in this process, on a free loopback port with a database of its own: nothing is replaced. `yaml` is
 * what an operator would write; `listen` and `storage` are added here.
 */
export async function startGateway(
  yaml: string,
  more: {
    readonly recorded?: RecordedLookup;
    readonly environment?: Record<string, string>;
    readonly folder?: string;
  } = {},
): Promise<RunningGateway> {
  const folder = more.folder ?? (await mkdtemp(join(tmpdir(), 'pointsman-test-')));
  const environment = { POINTSMAN_STORAGE_PATH: join(folder, 'outcomes.db'), POINTSMAN_PORT: '0', ...more.environment };
  const config = parseConfig(yaml, null, { environment, workingDirectory: folder });
  const { logger, lines } = collectLogger();
  const app = await buildApp(config, { logger, ...(more.recorded ? { recorded: more.recorded } : {}) });
  const url = await app.server.listen({ host: '127.0.0.1', port: 0 });
  return {
    app,
    url,
    folder,
    log: lines,
    async close() {
      await app.close();
      if (more.folder === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** One chat request; the whole answer. */
export async function ask(
  url: string,
  body: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; headers: Headers; text: string }> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** A score for the decision that answered with these headers. */
export async function giveFeedback(
  url: string,
  decision: string,
  score: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(`${url}/v1/feedback`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ decision, score }),
  });
}
