import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Registry } from 'prom-client';
import type { Activity } from '../activity';
import type { Health } from '../health';
import type { Metrics } from '../metrics';

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
}

const json = (status: number, value: unknown): Answer => ({ status, body: JSON.stringify(value) });

/** For operators and orchestrators, on an address that users cannot reach: health, metrics, and what is not done yet. */
export class InternalHttp {
  private readonly server: Server;

  constructor(
    private readonly health: Health,
    private readonly metrics: Metrics,
    private readonly activity: Activity,
  ) {
    this.server = createServer((request, response) => void this.answer(request, response));
  }

  /** Answers the address. */
  listen(port: number, host: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => resolve(`http://${host}:${(this.server.address() as AddressInfo).port}`));
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, body, type = 'application/json' } = await this.route(request.url?.split('?')[0] ?? '', request.headers.accept ?? '').catch((error: Error) => json(500, { error: error.message }));
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
  }

  private async route(path: string, accept: string): Promise<Answer> {
    switch (path) {
      case '/health/live':
        return json(200, { status: 'ok' });
      case '/health/startup':
        return json(this.health.isStarted ? 200 : 503, { started: this.health.isStarted, details: this.health.shown() });
      case '/health/ready': {
        const readiness = await this.health.readiness();
        // Whoever has started us knows by the number that it is we who answer.
        return json(readiness.ready ? 200 : 503, { ...readiness, pid: process.pid });
      }
      case '/metrics':
        // Prometheus asks for this one by itself; the other is for whoever does not know it.
        if (accept.includes('application/openmetrics-text')) return { status: 200, body: await this.metrics.openMetrics(), type: Registry.OPENMETRICS_CONTENT_TYPE };
        return { status: 200, body: await this.metrics.text(), type: Registry.PROMETHEUS_CONTENT_TYPE };
      case '/activity':
        // What has not started does not know yet what is left to do.
        return json(200, { starting: this.health.isStarted ? 0 : 1, ...(await this.activity.snapshot()) });
      default:
        return json(404, { error: 'not found' });
    }
  }
}
