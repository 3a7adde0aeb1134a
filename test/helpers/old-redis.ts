import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

/** Speaks just enough of Redis' protocol to be a server of that version: such an old one cannot be installed any more. */
export async function startOldRedis(version: string): Promise<{ readonly url: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      for (const command of bytes.toString().matchAll(/^(?:info|hello|client|select|subscribe)$/gim)) {
        const info = `redis_version:${version}\r\nrun_id:old\r\nloading:0\r\n`;
        socket.write(command[0].toLowerCase() === 'info' ? `$${info.length}\r\n${info}\r\n` : '+OK\r\n');
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `redis://127.0.0.1:${port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}
