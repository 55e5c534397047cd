import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** The way to a part that others stand on, whatever is spoken on it: a test cuts it, and lets it be there again. */
export class Line {
  private isCut = false;
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((client) => this.carry(client));

  private constructor(private readonly target: URL) {}

  static async to(url: string): Promise<Line> {
    const line = new Line(new URL(url));
    await new Promise<void>((done) => line.server.listen(0, '127.0.0.1', done));
    return line;
  }

  get url(): string {
    const url = new URL(this.target);
    const { port } = this.server.address() as AddressInfo; // It listens on a port, so it is not a path.
    [url.hostname, url.port] = ['127.0.0.1', String(port)];
    return url.href;
  }

  /** From now on nobody gets through, and who was is cut off. */
  cut(): void {
    this.isCut = true;
    this.sockets.forEach((socket) => socket.destroy());
  }

  mend(): void {
    this.isCut = false;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((done) => this.server.close(done));
  }

  private carry(client: Socket): void {
    if (this.isCut) return void client.destroy();
    const server = connect(Number(this.target.port), this.target.hostname);
    for (const [socket, other] of [[client, server], [server, client]] as const) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  }
}
