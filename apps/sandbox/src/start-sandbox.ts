import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { WallClock } from '@libs/kernel/clock';
import { FileJournal } from './adapters/journal/file-journal';
import { CarrierApi } from './adapters/http/carrier-api';
import { ControlApi } from './adapters/http/control-api';
import { Gate } from './adapters/http/gate';
import { buildServer } from './adapters/http/server';
import { MailApi } from './adapters/http/mail-api';
import { StripeApi } from './adapters/http/stripe-api';
import { TextApi } from './adapters/http/text-api';
import { Deliverer } from './adapters/webhooks/deliverer';
import { Box } from './application/box';

const TICK_MS = 250;

export interface SandboxOptions {
  readonly port: number;
  readonly host?: string;
  readonly dataDir: string;
  readonly wall: WallClock;
  /** What stops the process in earnest: a journal that cannot be written must not be followed by another answer. */
  readonly onFatal: (error: unknown) => void;
  readonly onError: (error: unknown) => void;
}

export interface Sandbox {
  readonly url: string;
  readonly port: number;
  readonly stop: () => Promise<void>;
}

export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { journal, world } = await FileJournal.open(options.dataDir, options.onFatal);
  const box = new Box({ world, journal, wall: options.wall, newId });
  const deliverer = new Deliverer(box);
  const gate = new Gate(box, (ms) => wait(ms));
  const control = new ControlApi(box, gate, () => deliverer.pending());
  const server = buildServer({ box, gate, control, stripe: new StripeApi(box), carrier: new CarrierApi(box), mail: new MailApi(box), text: new TextApi(box), newId, onError: options.onError });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(options.port, options.host ?? '127.0.0.1', resolve));
  deliverer.start();
  const ticking = setInterval(() => {
    box.performDue();
    deliverer.releaseHeld();
  }, TICK_MS);
  // A server that listens on TCP has such an address.
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      clearInterval(ticking);
      deliverer.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await journal.close();
    },
  };
}

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function newId(prefix: string): string {
  return `${prefix}_${[...randomBytes(24)].map((byte) => alphabet[byte % alphabet.length]).join('')}`;
}
