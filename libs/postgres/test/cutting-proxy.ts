import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

/** Stands between a service and its database, and cuts the link at the next COMMIT: before the server has it, or before its answer. */
export class CuttingProxy {
  cutAtCommit: 'never' | 'before' | 'after' = 'never';
  /** The server lets new sessions in and ends them in the same breath, as it does when it goes away just then. */
  endsNewSessions = false;
  /** For so many new sessions nobody answers. */
  leavesWaiting = 0;
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((client) => this.join(client));

  private constructor(private readonly target: URL) {}

  static async before(url: string): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(new URL(url));
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    const url = new URL(this.target);
    url.port = String((this.server.address() as AddressInfo).port); // It listens on a port, so it is not a path.
    return url.href;
  }

  /** As when the network goes away. */
  cutAll(): void {
    this.sockets.forEach((socket) => socket.destroy());
  }

  async close(): Promise<void> {
    this.cutAll();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(client: Socket): void {
    if (this.leavesWaiting > 0) {
      this.leavesWaiting--;
      return void client.on('error', () => undefined).resume();
    }
    const server = connect(Number(this.target.port), this.target.hostname);
    let isDeaf = false;
    const greeting: Buffer[] | undefined = this.endsNewSessions ? [] : undefined;
    for (const socket of [client, server]) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    client.on('data', (data) => {
      const cut = data.includes('COMMIT') ? this.cutAtCommit : 'never';
      if (cut !== 'never') this.cutAtCommit = 'never';
      if (cut === 'before') return void client.destroy();
      isDeaf ||= cut === 'after';
      server.write(data);
    });
    server.on('data', (data) => {
      if (isDeaf) return void client.destroy();
      if (!greeting) return void client.write(data);
      greeting.push(data);
      if (Buffer.concat(greeting).includes(READY)) client.end(Buffer.concat([...greeting, goingAway()]));
    });
  }
}

/** What a server says last, as the protocol has it. */
function goingAway(): Buffer {
  const fields = Buffer.from('SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0');
  const length = Buffer.alloc(4);
  length.writeInt32BE(fields.length + length.length);
  return Buffer.concat([Buffer.from('E'), length, fields]);
}
