import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Takes the place of `running-gateway.ts` where the clients run on another Node than the gateway: `scripts/clients-newest.ts`
 * copies it there. `GATEWAY_NODE` runs `GATEWAY_BIN`, the built gateway.
 */
export interface RunningGateway {
  readonly url: string;
  close(): Promise<void>;
}

export async function startGateway(yaml: string): Promise<RunningGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'pointsman-newest-'));
  const config = join(folder, 'pointsman.yaml');
  await writeFile(config, yaml);
  const { GATEWAY_NODE: node = '', GATEWAY_BIN: bin = '', PATH, HOME } = process.env;
  const flags = [bin, 'serve', '--port', '0', '--config', config];
  const child = spawn(node, flags, { env: { PATH, HOME }, cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  let printed = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (bytes: Buffer) => {
      printed += bytes.toString();
      const found = /https?:\/\/[\d.]+:\d+/.exec(printed);
      if (found && printed.includes('try it')) resolve(found[0]);
    });
    void exited.then(() => reject(new Error(`the gateway ended before it served:\n${printed}`)));
  });
  return {
    url,
    async close() {
      child.kill('SIGTERM');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
