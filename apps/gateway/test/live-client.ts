import { until } from '@libs/testing/exchange-process';
import { WebSocket } from 'ws';

export type LiveFrame = { t: string; ch?: string; id?: number; d?: Record<string, unknown> & unknown[]; problem?: Record<string, unknown> };
export const WAIT_MS = 30_000;

/** A program on `/v1/ws`. */
export class LiveClient {
  readonly frames: LiveFrame[] = [];
  closedWith: number | undefined;
  refusedWith: number | undefined;
  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data) => this.frames.push(JSON.parse(String(data)) as LiveFrame));
    socket.on('close', (code) => {
      this.closedWith = code;
    });
    socket.on('unexpected-response', (_request, response) => {
      this.refusedWith = response.statusCode;
    });
    socket.on('error', () => undefined);
  }

  static async connect(url: string, headers: Record<string, string> = {}): Promise<LiveClient> {
    const client = new LiveClient(new WebSocket(`${url.replace('http', 'ws')}/v1/ws`, { headers }));
    await until(() => 'the socket is open or refused', WAIT_MS, async () => client.socket.readyState === WebSocket.OPEN || client.refusedWith !== undefined);
    return client;
  }

  say(frame: object): void {
    this.socket.send(JSON.stringify(frame));
  }

  async heard(t: string, ch?: string, n = 1): Promise<LiveFrame> {
    const found = () => this.frames.filter((frame) => frame.t === t && (ch === undefined || frame.ch === ch));
    await until(() => `${t} ${ch ?? ''} among ${JSON.stringify(this.frames)}`, WAIT_MS, async () => found().length >= n);
    const frame = found()[n - 1];
    if (!frame) throw new Error('just found');
    return frame;
  }
}
