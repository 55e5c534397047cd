import { Client, type ClientConfig } from 'pg';

/**
 * A session whose end never ends the process. The statement that is running fails with it, and so does each one after it; but a server that
 * goes away while none is running, right after it has let the session in above all, tells only the session itself, as an `error` that Node
 * throws where nobody listens.
 */
export class HeardClient extends Client {
  constructor(config?: string | ClientConfig) {
    super(config);
    this.on('error', () => undefined);
  }
}
