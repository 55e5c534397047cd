import { Injectable } from '@nestjs/common';
import { invariant } from '@libs/kernel/invariant';
import { typeId, uuidOf, uuidOfOwn } from '@libs/kernel/ids';
import { Sql } from '@libs/postgres/sql';
import type { Transaction } from '@libs/postgres/transaction';
import { type SessionEnd, Sessions } from '../../application/ports';
import { type Client, forgetAt, type Session, type UsedToken } from '../../domain/session';

interface Row {
  readonly id: string;
  readonly userId: string;
  readonly ip: string;
  readonly userAgent: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  readonly expiresAt: Date;
  readonly endsAt: Date;
  readonly revoked: boolean;
}

const SELECT = `select s.id, s.user_id as "userId", s.ip, s.user_agent as "userAgent", s.created_at as "createdAt", s.last_used_at as "lastUsedAt",
  s.expires_at as "expiresAt", s.ends_at as "endsAt", s.revoked_at is not null as revoked from sessions s`;

const INSERT_SESSION = `insert into sessions (id, user_id, ip, user_agent, created_at, last_used_at, expires_at, ends_at) values ($1, $2, $3, $4, $5, $6, $7, $8)`;

const USE_TOKEN = `update refresh_tokens set used_at = $2, used_by = decode($3, 'hex'), successor_nonce = decode($4, 'hex')
  where token_hash = decode($1, 'hex') and used_at is null returning session_id`;

const USED_TOKEN = `select used_at as "usedAt", used_by = decode($2, 'hex') as "isSameClient", encode(successor_nonce, 'hex') as nonce, repeated as "isRepeated",
  exists (select from refresh_tokens later where later.session_id = t.session_id and later.used_at is not null and later.issued_at >= t.used_at
    and later.token_hash <> t.token_hash) as "isSuccessorUsed"
  from refresh_tokens t where token_hash = decode($1, 'hex')`;

const REVOKE = `update sessions set revoked_at = $2, forget_at = $3, revoked_why = $4 where id in (
    select id from sessions where user_id = $1 and revoked_at is null and expires_at > $2
      and ($5::uuid is null or id = $5) and ($6::uuid is null or id <> $6)
    order by last_used_at desc, id desc offset $7)
  and revoked_at is null returning id`;

const SWEEP_BATCH = 500;
const KEPT_AFTER_END_MS = 30 * 24 * 3_600_000;
const TOKENS_KEPT_AFTER_END_MS = 24 * 3_600_000;

@Injectable()
export class PostgresSessions extends Sessions {
  constructor(private readonly sql: Sql) {
    super();
  }

  async open(tx: Transaction, session: Session, tokenHash: string): Promise<void> {
    const { client, createdAt, lastUsedAt, expiresAt, endsAt } = session;
    const ids = [uuidOfOwn('ses', session.id), uuidOfOwn('usr', session.userId)];
    await this.sql.in(tx).query(INSERT_SESSION, [...ids, client.ip, client.userAgent, createdAt, lastUsedAt, expiresAt, endsAt]);
    await this.insertToken(tx, session, tokenHash);
  }

  async live(userId: string, now: Date): Promise<readonly Session[]> {
    const where = 'where s.user_id = $1 and s.revoked_at is null and s.expires_at > $2 order by s.last_used_at desc, s.id desc';
    return (await this.sql.query<Row>(`${SELECT} ${where}`, [uuidOfOwn('usr', userId), now])).map(sessionOf);
  }

  async liveOwner(sessionId: string, now: Date): Promise<string | undefined> {
    const uuid = uuidOf('ses', sessionId);
    if (uuid === undefined) return undefined;
    const [row] = await this.sql.query<Row>(`${SELECT} where s.id = $1 and s.revoked_at is null and s.expires_at > $2`, [uuid, now]);
    return row && typeId('usr', row.userId);
  }

  async knowsClient(tx: Transaction, userId: string, { ip, userAgent }: Client): Promise<boolean> {
    const text = 'select 1 from sessions where user_id = $1 and ip = $2 and user_agent = $3 limit 1';
    return (await this.sql.in(tx).query(text, [uuidOfOwn('usr', userId), ip, userAgent])).length > 0;
  }

  async lockByToken(tx: Transaction, tokenHash: string, now: Date): Promise<Session | 'unknown' | 'ended'> {
    const text = `${SELECT} where s.id = (select session_id from refresh_tokens where token_hash = decode($1, 'hex')) for update`;
    const [row] = await this.sql.in(tx).query<Row>(text, [tokenHash]);
    if (!row) return 'unknown';
    return row.revoked || row.expiresAt <= now ? 'ended' : sessionOf(row);
  }

  async useToken(tx: Transaction, { hash, client, nonce, at }: { hash: string; client: string; nonce: string; at: Date }): Promise<boolean> {
    return (await this.sql.in(tx).query(USE_TOKEN, [hash, at, client, nonce])).length === 1;
  }

  async addToken(tx: Transaction, session: Session, tokenHash: string): Promise<void> {
    const values = [uuidOfOwn('ses', session.id), session.lastUsedAt, session.expiresAt];
    await this.sql.in(tx).query('update sessions set last_used_at = $2, expires_at = $3 where id = $1', values);
    await this.insertToken(tx, session, tokenHash);
  }

  async usedToken(tx: Transaction, tokenHash: string, client: string): Promise<UsedToken & { readonly nonce: string }> {
    const [row] = await this.sql.in(tx).query<UsedToken & { nonce: string }>(USED_TOKEN, [tokenHash, client]);
    invariant(row, 'a refresh token has gone while its session was locked');
    return row;
  }

  async markRepeated(tx: Transaction, tokenHash: string): Promise<void> {
    await this.sql.in(tx).query(`update refresh_tokens set repeated = true where token_hash = decode($1, 'hex')`, [tokenHash]);
  }

  async revoke(tx: Transaction, userId: string, which: { only?: string; except?: string; beyond?: number }, end: { at: Date; why: SessionEnd }): Promise<number> {
    const only = which.only === undefined ? null : uuidOf('ses', which.only);
    if (only === undefined) return 0;
    const except = which.except === undefined ? null : uuidOfOwn('ses', which.except);
    const values = [uuidOfOwn('usr', userId), end.at, forgetAt(end.at), end.why, only, except, which.beyond ?? 0];
    return (await this.sql.in(tx).query(REVOKE, values)).length;
  }

  async sweep(now: Date): Promise<void> {
    const before = (ms: number) => new Date(now.getTime() - ms);
    // Tokens of a live session are all kept: each is a trap for whoever uses it again.
    await this.sql.query(
      `delete from refresh_tokens where token_hash in (select token_hash from refresh_tokens t join sessions s on s.id = t.session_id
         where s.revoked_at < $1 or s.expires_at < $1 limit $2)`,
      [before(TOKENS_KEPT_AFTER_END_MS), SWEEP_BATCH],
    );
    await this.sql.query('delete from sessions where id in (select id from sessions where ends_at < $1 limit $2)', [before(KEPT_AFTER_END_MS), SWEEP_BATCH]);
  }

  private async insertToken(tx: Transaction, session: Session, tokenHash: string): Promise<void> {
    const values = [tokenHash, uuidOfOwn('ses', session.id), session.lastUsedAt];
    await this.sql.in(tx).query(`insert into refresh_tokens (token_hash, session_id, issued_at) values (decode($1, 'hex'), $2, $3)`, values);
  }
}

function sessionOf({ id, userId, ip, userAgent, revoked: _, ...times }: Row): Session {
  return { ...times, id: typeId('ses', id), userId: typeId('usr', userId), client: { ip, userAgent } };
}
