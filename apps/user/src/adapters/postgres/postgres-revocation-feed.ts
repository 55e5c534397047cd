import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Log } from '@libs/chassis/log';
import { Loop } from '@libs/chassis/loop';
import { WallClock } from '@libs/kernel/clock';
import { typeId } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import { type Revocation, RevocationFeed, type RevocationNews } from '../../application/ports';

interface Row {
  readonly sessionId: string;
  readonly forgetAt: Date;
}

type Listener = (news: RevocationNews) => void;

const POLL_MS = 100;
/** A little less than the 500 ms that are promised, since the polls are what carries it. */
const HEARTBEAT_MS = 400;
/** A transaction that revokes is stamped when it begins, and has committed long before this. */
const LOOK_BACK = `interval '1 minute'`;

const ALL = 'select id as "sessionId", forget_at as "forgetAt" from sessions where revoked_at is not null and forget_at > now()';
const RECENT = `${ALL} and revoked_at > now() - ${LOOK_BACK}`;

/** Polls, rather than being told: so it hears of what other instances do, and a heartbeat proves that it can still read. */
@Injectable()
export class PostgresRevocationFeed extends RevocationFeed implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly listeners = new Set<Listener>();
  private readonly known = new Map<string, Date>();
  private readonly loop: Loop;
  private beatAt = 0;

  constructor(
    private readonly sql: Sql,
    private readonly wall: WallClock,
    log: Log,
  ) {
    super();
    this.loop = new Loop({ name: 'revocations', everyMs: POLL_MS, log }, () => this.poll());
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.loop.stop();
    this.listeners.clear();
  }

  watch(listener: Listener, failed: (error: unknown) => void): () => void {
    let isOn = true;
    const begin = async () => {
      // Listening before reading: what is committed in between comes twice rather than never.
      const early: RevocationNews[] = [];
      const hold: Listener = (news) => early.push(news);
      this.listeners.add(hold);
      const revoked = await this.read(ALL).finally(() => this.listeners.delete(hold));
      if (!isOn) return;
      listener({ kind: 'snapshot', revoked });
      early.forEach(listener);
      this.listeners.add(listener);
    };
    begin().catch(failed);
    return () => {
      isOn = false;
      this.listeners.delete(listener);
    };
  }

  private async poll(): Promise<void> {
    if (this.listeners.size === 0) return;
    const now = this.wall.now();
    for (const [sessionId, until] of this.known) if (until <= now) this.known.delete(sessionId);
    for (const revocation of await this.read(RECENT)) {
      if (this.known.has(revocation.sessionId)) continue;
      this.known.set(revocation.sessionId, revocation.forgetAt);
      this.tell({ kind: 'revoked', revocation });
    }
    if (now.getTime() - this.beatAt < HEARTBEAT_MS) return;
    this.beatAt = now.getTime();
    this.tell({ kind: 'heartbeat' });
  }

  private tell(news: RevocationNews): void {
    for (const listener of this.listeners) listener(news);
  }

  private async read(text: string): Promise<Revocation[]> {
    return (await this.sql.query<Row>(text)).map(({ sessionId, forgetAt }) => ({ sessionId: typeId('ses', sessionId), forgetAt }));
  }
}
