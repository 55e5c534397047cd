import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Box } from '../../application/box';
import type { CarrierApi } from './carrier-api';
import type { ControlApi } from './control-api';
import type { Incoming, OutsideApi, Outgoing } from './exchange';
import { json } from './exchange';
import type { Gate } from './gate';
import type { MailApi } from './mail-api';
import { outboxPage } from './outbox-page';
import { overview } from './page';
import type { StripeApi } from './stripe-api';
import type { TextApi } from './text-api';

const MAX_BODY_BYTES = 1_048_576;
/** Clients give a silent answer up after some minutes. */
const SIGN_OF_LIFE_MS = 2_000;

export interface ServerParts {
  readonly box: Box;
  readonly gate: Gate;
  readonly stripe: StripeApi;
  readonly carrier: CarrierApi;
  readonly mail: MailApi;
  readonly text: TextApi;
  readonly control: ControlApi;
  readonly newId: (prefix: string) => string;
  readonly onError: (error: unknown) => void;
}

export function buildServer(parts: ServerParts): Server {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    answer(parts, request, response).catch((error: unknown) => {
      // A caller that died in the middle of its request is nobody's fault here.
      if (!request.complete) return void response.destroy();
      parts.onError(error);
      if (!response.headersSent) send(response, json(500, { error: { type: 'api_error', message: 'The sandbox failed.' } }, { 'stripe-should-retry': 'false' }));
      else response.destroy();
    });
  });
  server.maxConnections = 2_000;
  return server;
}

async function answer(parts: ServerParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://sandbox');
  const body = await read(request);
  if (body === undefined) return send(response, json(413, { error: { type: 'invalid_request_error', message: 'The body is too large.' } }, { connection: 'close' }));
  const call: Incoming = {
    id: parts.newId('req'), method: request.method ?? 'GET', path: url.pathname, query: url.search.slice(1), headers: single(request), body,
    origin: `http://${request.headers.host ?? '127.0.0.1'}`,
  };
  const api = apiFor(parts, call.path);
  if (api === undefined) return answerForPeople(parts, call, response);
  const fate = await parts.gate.pass(call, api);
  if ('silentMs' in fate) return fallSilent(response, fate.silentMs);
  send(response, fate);
}

function apiFor({ stripe, carrier, mail, text }: ServerParts, path: string): OutsideApi | undefined {
  if (path.startsWith('/v1/')) return stripe;
  if (path.startsWith('/v3/')) return mail;
  if (path.startsWith('/2010-04-01/')) return text;
  return path.startsWith('/carrier/v1/') ? carrier : undefined;
}

async function answerForPeople({ box, control }: ServerParts, call: Incoming, response: ServerResponse): Promise<void> {
  if (call.method === 'GET' && call.path === '/') return send(response, page(overview(box)));
  if (call.method === 'GET' && call.path === '/outbox') return send(response, page(outboxPage(box.world, new URLSearchParams(call.query))));
  if (call.method === 'GET' && call.path === '/clock/changes') return streamClock(box, response);
  send(response, await control.handle(call));
}

/** No script runs, neither ours nor a mail's: those are shown in frames that may do nothing. */
function page(body: string): Outgoing {
  return { status: 200, type: 'text/html; charset=utf-8', body, headers: { 'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'", 'x-content-type-options': 'nosniff' } };
}

/** The present offset first, then each new one, a line each, for as long as the caller listens; an empty line now and then says that it is still there. */
function streamClock(box: Box, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
  const tell = (offsetMs: number) => response.write(`${JSON.stringify({ offsetMs })}\n`);
  tell(box.offsetMs);
  const forget = box.whenClockMoves(tell);
  const life = setInterval(() => response.write('\n'), SIGN_OF_LIFE_MS).unref();
  response.on('close', () => {
    clearInterval(life);
    forget();
  });
}

/** The caller hears nothing; after that time the connection breaks. */
function fallSilent(response: ServerResponse, ms: number): void {
  const timer = setTimeout(() => response.destroy(), ms);
  timer.unref();
  response.on('close', () => clearTimeout(timer));
}

function send(response: ServerResponse, { status, type, headers, body }: Outgoing): void {
  response.writeHead(status, { 'content-type': type ?? 'application/json', 'content-length': Buffer.byteLength(body), ...headers });
  response.end(body);
}

async function read(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function single(request: IncomingMessage): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]));
}
