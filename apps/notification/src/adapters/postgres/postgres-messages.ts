import { Injectable } from '@nestjs/common';
import { Ids, uuidOfOwn } from '@libs/kernel/ids';
import { isGone, thisProcess } from '@libs/postgres/lease-holder';
import { Sql } from '@libs/postgres/sql';
import { type Transaction, Transactions } from '@libs/postgres/transaction';
import { Messages, type Moved, type Plan, type Queue, Sealing, type TakenMessage } from '../../application/ports';
import { type Channel, describe, type EventName, namesPair } from '../../domain/catalogue';
import { requireStep, type State } from '../../domain/delivery';
import { AROUND, type MessageRow, takenOf } from './message-row';

/** Longer than a message can be under way: its contact, the provider's time-out, the database. */
const LEASE = `interval '60 seconds'`;
const OPEN = `('planned', 'sending', 'unknown')`;
/** As told by "$1", the business time. */
const DUE = `(m.hold_until is null or m.hold_until <= $1)`;
const KNOWS_ITEM = `(not m.needs_item or k.id is not null)`;

const PLAN = `insert into messages (id, source, kind, channel, user_id, state, is_critical, facts, order_id, match_id, market_id, needs_item, sealed, planned_at, expires_at)
  values ($1, $2, $3, $4, $5, 'planned', $6, $7, $8, $9, $10, $11, $12, $13, $14) on conflict (source, kind, user_id, channel) do nothing`;

const TAKE = `with due as (
    select m.id from messages m ${AROUND}
    where m.state in ${OPEN} and m.next_at <= now() and (m.leased_until is null or m.leased_until < now()) and ${DUE} and ${KNOWS_ITEM}
    order by m.next_at limit $2 for update of m skip locked),
  taken as (update messages m set leased_until = now() + ${LEASE}, lease_holder = ${thisProcess} from due where m.id = due.id returning m.*)
  select m.*, o.id as of_order, k.item, k.size, k.url_key, p.choices, p.time_zone, p.quiet_from, p.quiet_until, m.expires_at < now() as is_expired,
    coalesce(extract(epoch from now() - m.unknown_since) * 1000, 0)::bigint as unknown_for_ms
  from taken m ${AROUND} left join preferences p on p.user_id = m.user_id order by m.next_at`;

const MOVE = `update messages set state = $3, reason = coalesce($4, reason), provider_id = coalesce($5, provider_id), next_at = now() + $6::int * interval '1 millisecond',
    leased_until = case when $3 = 'sending' then leased_until end,
    attempts = attempts + case when $3 = 'sending' then 1 else 0 end,
    resends = resends + case when $2 = 'unknown' and $3 = 'planned' then 1 else 0 end,
    looks = case when $3 = 'planned' then 0 else looks end,
    sending_at = case when $3 = 'sending' then coalesce(sending_at, now()) else sending_at end,
    unknown_since = case when $3 = 'unknown' then now() else unknown_since end,
    sealed = case when $3 in ('sent', 'failed', 'dropped') then null else sealed end,
    ended_at = case when $3 in ('sent', 'failed', 'dropped') then now() end
  where id = $1 and state = $2 returning id`;

const SHOW = `insert into inbox (id, user_id, event, title, body, link, created_at) values ($1, $2, $3, $4, $5, $6, $7) on conflict (id) do nothing`;

const DUE_COUNT = `select count(*) as due from messages m ${AROUND} where m.state in ${OPEN} and ${DUE} and ${KNOWS_ITEM}`;

const PARK_IGNORANT = `update messages m set state = 'parked', reason = 'pair_unknown' where m.state = 'planned' and m.needs_item and m.created_at < now() - interval '1 hour'
  and not exists (select from messages n ${AROUND.replaceAll('m.', 'n.')} where n.id = m.id and k.id is not null)`;

/** A trade is over long before a year is, whatever becomes of it. */
const FORGET = [
  `delete from messages where ended_at < now() - interval '30 days'`,
  `delete from quotes where not is_active and changed_at < now() - interval '30 days'`,
  `delete from matches where heard_at < now() - interval '1 year'`,
  `delete from orders where heard_at < now() - interval '1 year'`,
];

@Injectable()
export class PostgresMessages extends Messages {
  constructor(
    private readonly sql: Sql,
    private readonly transactions: Transactions,
    private readonly ids: Ids,
    private readonly sealing: Sealing,
  ) {
    super();
  }

  async plan(tx: Transaction, plan: Plan, wanted: readonly Channel[], at: Date): Promise<void> {
    const { source, kind, userId, facts, orderId, matchId, marketId, sealed, expiresAt } = plan;
    const about = [orderId ? uuidOfOwn('ord', orderId) : null, matchId ? uuidOfOwn('mtc', matchId) : null, marketId ? uuidOfOwn('mkt', marketId) : null];
    for (const channel of wanted) {
      const id = uuidOfOwn('ntf', this.ids.next('ntf'));
      // Only mail goes to the address that was named; the inbox shows no secret.
      const secret = sealed && channel === 'email' ? this.sealing.seal(JSON.stringify(sealed), id) : null;
      const values = [id, source, kind, channel, uuidOfOwn('usr', userId), describe(kind).isCritical ?? false, JSON.stringify(facts), ...about, namesPair(kind), secret, at, expiresAt ?? null];
      await this.sql.in(tx).query(PLAN, values);
    }
  }

  async take(limit: number, now: Date): Promise<TakenMessage[]> {
    const rows = await this.sql.query<MessageRow>(TAKE, [now, limit]);
    return rows.map((row) => takenOf(row, this.sealing));
  }

  async move({ id, state }: Pick<TakenMessage, 'id' | 'state'>, to: State, more: Moved = {}): Promise<boolean> {
    requireStep(state, to);
    const rows = await this.sql.query(MOVE, [uuidOfOwn('ntf', id), state, to, more.reason ?? null, more.providerId ?? null, more.delayMs ?? 0]);
    return rows.length > 0;
  }

  async later(id: string, delayMs: number): Promise<void> {
    await this.sql.query(`update messages set next_at = now() + $2::int * interval '1 millisecond', leased_until = null, looks = looks + 1 where id = $1`, [uuidOfOwn('ntf', id), Math.ceil(delayMs)]);
  }

  async hold(id: string, until: Date): Promise<void> {
    await this.sql.query('update messages set hold_until = $2, leased_until = null where id = $1', [uuidOfOwn('ntf', id), until]);
  }

  async deliverToInbox(message: TakenMessage, shown: { title: string; text: string; link: string; event: EventName }): Promise<void> {
    const id = uuidOfOwn('ntf', message.id);
    requireStep(message.state, 'sent');
    await this.transactions.run(async (tx) => {
      await this.sql.in(tx).query(SHOW, [id, uuidOfOwn('usr', message.userId), shown.event, shown.title, shown.text, shown.link, message.plannedAt]);
      await this.sql.in(tx).query(MOVE, [id, message.state, 'sent', null, null, 0]);
    });
  }

  async freeLeases(underWay: readonly string[]): Promise<void> {
    const text = `update messages set leased_until = null where state in ${OPEN} and leased_until is not null
      and (${isGone('lease_holder')} or (lease_holder = ${thisProcess} and id <> all ($1::uuid[])))`;
    await this.sql.query(text, [underWay.map((id) => uuidOfOwn('ntf', id))]);
  }

  async dueCount(now: Date): Promise<number> {
    const [row] = await this.sql.query<{ due: number }>(DUE_COUNT, [now]);
    return row?.due ?? 0;
  }

  async queue(): Promise<Queue> {
    const rows = await this.sql.query<{ state: 'planned' | 'unknown' | 'parked'; channel: Channel; messages: number }>(
      `select case state when 'sending' then 'planned' else state end as state, channel, count(*) as messages from messages where state in ('planned', 'sending', 'unknown', 'parked') group by 1, 2`,
    );
    const of = (state: string) => Object.fromEntries(['email', 'sms', 'inbox'].map((channel) => [channel, rows.find((row) => row.state === state && row.channel === channel)?.messages ?? 0])) as Record<Channel, number>; // Made of the channels.
    return { planned: of('planned'), unknown: of('unknown'), parked: of('parked') };
  }

  async sweep(now: Date): Promise<void> {
    await this.sql.query(PARK_IGNORANT);
    for (const statement of FORGET) await this.sql.query(statement);
    await this.sql.query(`delete from inbox where created_at < $1::timestamptz - interval '1 year'`, [now]);
  }

  async claimed(providerIds: readonly string[], but: string): Promise<ReadonlySet<string>> {
    const rows = await this.sql.query<{ provider_id: string }>('select provider_id from messages where provider_id = any ($1) and id <> $2', [providerIds, uuidOfOwn('ntf', but)]);
    return new Set(rows.map((row) => row.provider_id));
  }
}
