import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Stands between a service and its database, and cuts the link at the next COMMIT: before the server has it, or before its answer. */
export class CuttingProxy {
  cutAtCommit: 'never' | 'before' | 'after' = 'never';
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
    const server = connect(Number(this.target.port), this.target.hostname);
    let isDeaf = false;
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
    server.on('data', (data) => (isDeaf ? void client.destroy() : client.write(data)));
  }
}
