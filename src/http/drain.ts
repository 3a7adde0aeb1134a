import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { PointsmanError } from '../core/errors.ts';

const sweepMs = 50;

/**
 * While the server closes: new requests on connections that are still open are told to go elsewhere, and a connection
 * ends as soon as its last answer has. Node closes idle ones only once, at the start, and would then wait for the
 * keep-alive deadline of each that was busy. One that has never sent a byte is not idle to Node, and its deadlines end
 * with the server: it would be waited for until its client leaves, so it is ended here.
 */
export function drainOnClose(app: FastifyInstance): void {
  let closing = false;
  const sockets = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const sweepOnce = (): void => {
    app.server.closeIdleConnections();
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  };
  app.addHook('preClose', (done) => {
    closing = true;
    if (app.server.listening) {
      const sweep = setInterval(sweepOnce, sweepMs);
      app.server.once('close', () => clearInterval(sweep));
    }
    done();
  });
  app.addHook('onRequest', (request, _reply, done) => {
    if (closing && request.routeOptions.url !== '/health') {
      throw new PointsmanError('shutting_down', 'The gateway is draining; ask again, elsewhere if you can.');
    }
    done();
  });
}
