import { maxHeaderSize } from 'node:http';
import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BODY_MAX_BYTES } from './json-body';
import { HttpRefusal, problemOf } from './problem';

const REQUEST_MS_MAX = 15_000;
const PARAM_CHARS_MAX = 200;

/** Nest's HTTP server, whose answers and refusals are the door's alone. */
export class DoorAdapter extends FastifyAdapter {
  /** `proxies` is filled once the configuration is read: their X-Forwarded-For counts, nobody else's does. */
  constructor(readonly proxies = new Set<string>()) {
    super({
      skipMiddie: true,
      logger: false,
      // What comes on an open connection while the rest is drained is still served, and told to connect elsewhere.
      return503OnClosing: false,
      bodyLimit: BODY_MAX_BYTES,
      requestTimeout: REQUEST_MS_MAX,
      trustProxy: (address: string) => proxies.has(address),
      routerOptions: { maxParamLength: PARAM_CHARS_MAX },
      frameworkErrors: (_error: unknown, _request: FastifyRequest, reply: FastifyReply) => refuseUrl(reply),
      clientErrorHandler: (error: NodeJS.ErrnoException, socket: Socket) => refuseBytes(error, socket),
    });
  }

  override setErrorHandler(): FastifyInstance {
    return this.fastify;
  }

  override setNotFoundHandler(): FastifyInstance {
    return this.fastify;
  }

  override registerParserMiddleware(): void {}

  get fastify(): FastifyInstance {
    return this.getInstance<FastifyInstance>();
  }
}

/** The router could not read the address, so that no hook has run. */
function refuseUrl(reply: FastifyReply): void {
  const problem = problemOf(new HttpRefusal(400, 'gateway.malformed', 'The address cannot be read.'), { traceId: '', instance: '/' });
  void reply.code(400).type('application/problem+json').send(JSON.stringify(problem));
}

const byCode: Record<string, HttpRefusal> = {
  HPE_HEADER_OVERFLOW: new HttpRefusal(431, 'gateway.headers_too_large', `The headers are larger than ${maxHeaderSize / 1_024} KiB in all.`),
  ERR_HTTP_REQUEST_TIMEOUT: new HttpRefusal(408, 'gateway.request_timeout', 'The request did not arrive in time.'),
};

/** What is not HTTP is answered on the bare socket. */
function refuseBytes(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const refusal = byCode[error.code ?? ''] ?? new HttpRefusal(400, 'gateway.malformed', 'This is not HTTP.');
  const problem = problemOf(refusal, { traceId: '', instance: '/' });
  const body = JSON.stringify(problem);
  socket.end(`HTTP/1.1 ${problem.status} ${problem.title}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`);
}
