import type { Subscription } from 'rxjs';
import { UserService, type WatchRevocationsResponse } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { uuidOf } from '@libs/kernel/ids';
import { until } from '@libs/testing/exchange-process';
import type { TestService } from '@libs/testing/start-test-service';
import { administrator, found, Person, START_MS_MAX, startUserService } from './people';

const HEARD_MS_MAX = 30_000;

let service: TestService;
beforeAll(async () => {
  service = await startUserService();
}, START_MS_MAX);
afterAll(() => service.stop());

/** A gateway's ear. */
class Watcher {
  readonly heard: WatchRevocationsResponse['change'][] = [];
  private readonly subscription: Subscription;

  constructor(running: TestService) {
    this.subscription = running.client(UserService).watchRevocations({}).subscribe({ next: ({ change }) => this.heard.push(change), error: () => undefined });
  }

  get snapshot(): string[] | undefined {
    const [first] = this.heard;
    return first?.case === 'snapshot' ? first.value.revoked.map(({ sessionId }) => sessionId) : undefined;
  }

  get revoked(): string[] {
    return this.heard.flatMap((change) => (change.case === 'revoked' ? [change.value.sessionId] : []));
  }

  get heartbeats(): number {
    return this.heard.filter((change) => change.case === 'heartbeat').length;
  }

  hears(sessionId: string): Promise<void> {
    return until(`the end of ${sessionId} is heard`, HEARD_MS_MAX, () => this.revoked.includes(sessionId));
  }

  listens(): Promise<void> {
    return until('there is a snapshot', HEARD_MS_MAX, () => this.snapshot);
  }

  stop(): void {
    this.subscription.unsubscribe();
  }
}

async function watching(work: (watcher: Watcher) => Promise<void>): Promise<void> {
  const watcher = new Watcher(service);
  try {
    await watcher.listens();
    await work(watcher);
  } finally {
    watcher.stop();
  }
}

describe('a gateway that watches revocations', () => {
  it('hears of a logout, of a session ended from the list, and of those that a new password ends', () =>
    watching(async (watcher) => {
      const ann = await Person.registers(service);
      const phone = await ann.logsInAgain();
      const tablet = await ann.logsInAgain();
      await ann.asks.logout({});
      await watcher.hears(ann.tokens.sessionId);
      await phone.asks.revokeSession({ sessionId: tablet.tokens.sessionId });
      await watcher.hears(tablet.tokens.sessionId);
      const desk = await ann.logsInAgain();
      await phone.asks.changePassword({ currentPassword: 'correct horse battery', newPassword: 'a better horse' });
      await watcher.hears(desk.tokens.sessionId);
      expect(watcher.revoked).not.toContain(phone.tokens.sessionId);
    }));

  it('hears of every session of a user whose roles change, who is suspended, or whose token was used twice', () =>
    watching(async (watcher) => {
      const admin = await administrator(service);
      const [ann, bob, eve] = await Promise.all([Person.registers(service), Person.registers(service), Person.registers(service)]);
      const alsoAnn = await ann.logsInAgain();
      await admin.asks.setRoles({ userId: ann.user.id, roles: ['buyer', 'authenticator'], reason: 'hired' });
      await admin.asks.suspendUser({ userId: bob.user.id, reason: 'fakes' });
      const thief = { ip: '198.51.100.66', userAgent: 'curl' };
      await service.client(UserService).refresh({ refreshToken: eve.tokens.refreshToken, client: thief });
      await expect(service.client(UserService).refresh({ refreshToken: eve.tokens.refreshToken })).rejects.toMatchObject({ code: 'user.refresh_reused' });
      for (const person of [ann, alsoAnn, bob, eve]) await watcher.hears(person.tokens.sessionId);
    }));

  it('hears of what another instance of the service does', () =>
    watching(async (watcher) => {
      const ann = await Person.registers(service);
      await service.sql.query(
        `update sessions set revoked_at = now(), revoked_why = 'logout', forget_at = now() + interval '16 minutes' where id = $1`,
        [uuidOf('ses', ann.tokens.sessionId)],
      );
      await watcher.hears(ann.tokens.sessionId);
    }));

  it('hears a heartbeat at least every 500 ms while nothing happens', () =>
    watching(async (watcher) => {
      await until('three heartbeats have come', HEARD_MS_MAX, () => watcher.heartbeats >= 3);
    }));

  it('gets first what was revoked before it came, also across a restart, and nothing that can no longer matter (I1)', async () => {
    const [ann, bob, eve] = await Promise.all([Person.registers(service), Person.registers(service), Person.registers(service)]);
    await ann.asks.logout({});
    await bob.asks.logout({});
    await service.sql.query(`update sessions set revoked_at = now() - interval '17 minutes', forget_at = now() - interval '1 minute' where id = $1`, [
      uuidOf('ses', bob.tokens.sessionId),
    ]);
    await service.restart();
    await watching(async (watcher) => {
      expect(watcher.snapshot).toContain(ann.tokens.sessionId);
      expect(watcher.snapshot).not.toContain(bob.tokens.sessionId);
      expect(watcher.snapshot).not.toContain(eve.tokens.sessionId);
    });
  });

  it('is told until when to remember a session: longer than any access token of it lives', () =>
    watching(async (watcher) => {
      const ann = await Person.registers(service);
      await ann.asks.logout({});
      await watcher.hears(ann.tokens.sessionId);
      const change = found(watcher.heard.find((one) => one.case === 'revoked' && one.value.sessionId === ann.tokens.sessionId));
      const forgetAt = change.case === 'revoked' ? change.value.forgetAt?.seconds : undefined;
      expect(forgetAt).toBeGreaterThan(found(ann.tokens.accessExpiresAt).seconds);
    }));
});

describe('a session', () => {
  it('is ended by its owner alone; for others it does not exist', async () => {
    const [ann, bob] = [await Person.registers(service), await Person.registers(service)];
    await expect(bob.asks.revokeSession({ sessionId: ann.tokens.sessionId })).rejects.toMatchObject({ code: 'user.session_not_found', kind: 'not_found' });
    await expect(bob.asks.revokeSession({ sessionId: 'not-an-id' })).rejects.toMatchObject({ code: 'user.session_not_found' });
    expect(await ann.isLoggedIn()).toBe(true);
    await ann.asks.logout({});
    await ann.asks.logout({});
    expect(await ann.isLoggedIn()).toBe(false);
  });

  it('is checked and watched by gateways alone', async () => {
    const ann = await Person.registers(service);
    const order = service.client(UserService, 'order');
    await expect(order.checkSession({ sessionId: ann.tokens.sessionId })).rejects.toMatchObject({ kind: 'forbidden' });
    await expect(new Promise((resolve, reject) => order.watchRevocations({}).subscribe({ next: resolve, error: reject }))).rejects.toMatchObject({ kind: 'forbidden' });
  });

  it('is checked with the roles of the user as they are now', async () => {
    const ann = await Person.registers(service);
    expect(await service.client(UserService).checkSession({ sessionId: ann.tokens.sessionId })).toMatchObject({ live: true, roles: ['buyer', 'seller'] });
    expect(await service.client(UserService).checkSession({ sessionId: 'ses_unknown' })).toMatchObject({ live: false, roles: [] });
  });
});
