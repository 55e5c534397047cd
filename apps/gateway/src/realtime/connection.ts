import { AppError } from '@libs/kernel/app-error';
import type { CallUser } from '@libs/rpc/call-context';
import type { WebSocket } from 'ws';
import { HttpRefusal, problemOf } from '../door/problem';
import { type ChannelName, channelOf, type Frame, frameOf } from './frames';
import type { MarketHub, SentFrame, Watcher } from './market-hub';
import type { UserHub } from './user-hub';

const BUFFERED_BYTES_MAX = 1024 * 1024;
const SUBSCRIPTIONS_MAX = 50;
const FRAMES_PER_S_MAX = 20;

export const closeCodes = { restart: 1012, idle: 4408, slow: 4408, sessionEnded: 4401, tooMuch: 4429 } as const;

/** What a connection needs of the room that it stands in. */
export interface Room {
  readonly markets: MarketHub;
  readonly users: UserHub;
  redeem(ticket: string): CallUser | undefined;
  /** Throws when this user has enough sockets. */
  admit(connection: Connection, user: CallUser): void;
  nowMs(): number;
  readonly tally: Tally;
}

/** What has been sent, and to whom it could not be sent fast enough, since the start. */
export interface Tally {
  readonly sent: Map<string, number>;
  slow: number;
}

const unknownChannel = () => new HttpRefusal(404, 'gateway.channel_unknown', 'There is no such channel.');
const badTicket = () => new AppError('unauthenticated', 'gateway.ticket_invalid', 'The ticket is unknown, used or older than 30 seconds.');
const noTicket = () => new AppError('unauthenticated', 'gateway.ticket_missing', 'This channel is one\'s own: send a ticket first.');
const tooManyChannels = () => new AppError('rate_limited', 'gateway.too_many_channels', `A socket has at most ${SUBSCRIPTIONS_MAX} channels.`);

/** One socket: what it watches, and for whom. */
export class Connection implements Watcher {
  user: CallUser | undefined;
  isAlive = true;
  private readonly channels = new Map<string, ChannelName>();
  private frames = 0;
  private windowAtMs = 0;
  private work: Promise<void> = Promise.resolve();

  constructor(
    private readonly socket: WebSocket,
    private readonly room: Room,
    readonly openedAtMs: number,
  ) {}

  /** What it watches, by kind. */
  get kinds(): ChannelName['kind'][] {
    return [...this.channels.values()].map(({ kind }) => kind);
  }

  get isIdle(): boolean {
    return this.channels.size === 0;
  }

  /** One frame after the other, so that an answer never overtakes the one before it. */
  receive(text: string): void {
    const nowMs = this.room.nowMs();
    if (nowMs - this.windowAtMs >= 1_000) [this.windowAtMs, this.frames] = [nowMs, 0];
    if (++this.frames > FRAMES_PER_S_MAX) return this.close(closeCodes.tooMuch, 'too many messages');
    const frame = frameOf(text);
    if (!frame) return this.send({ t: 'error', problem: this.problem(new HttpRefusal(400, 'gateway.invalid_frame', 'This message has not the form that is wanted.')) });
    this.work = this.work.then(() => this.obey(frame));
  }

  send(frame: SentFrame): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    const { tally } = this.room;
    if (this.socket.bufferedAmount > BUFFERED_BYTES_MAX) {
      tally.slow += 1;
      return this.close(closeCodes.slow, 'reads too slowly');
    }
    tally.sent.set(frame.t, (tally.sent.get(frame.t) ?? 0) + 1);
    this.socket.send(JSON.stringify(frame));
  }

  ping(): void {
    if (!this.isAlive) return this.socket.terminate();
    this.isAlive = false;
    this.socket.ping();
  }

  close(code: number, reason: string): void {
    this.forget();
    this.socket.close(code, reason);
  }

  cut(): void {
    this.socket.terminate();
  }

  /** The socket is gone, or is about to be. */
  forget(): void {
    for (const channel of this.channels.values()) this.leave(channel);
    this.channels.clear();
  }

  private async obey(frame: Frame): Promise<void> {
    try {
      await this.act(frame);
      this.send({ t: frame.op === 'ping' ? 'pong' : 'ack', id: frame.id });
    } catch (error) {
      this.send({ t: 'error', id: frame.id, problem: this.problem(error) });
    }
  }

  private async act(frame: Frame): Promise<void> {
    if (frame.op === 'auth') return this.identify(frame.ticket);
    if (frame.op === 'ping') return;
    const channel = channelOf(frame.ch);
    if (!channel) throw unknownChannel();
    if (frame.op === 'unsubscribe') {
      this.leave(channel);
      this.channels.delete(frame.ch);
    } else if (!this.channels.has(frame.ch)) {
      if (this.channels.size >= SUBSCRIPTIONS_MAX) throw tooManyChannels();
      await this.join(channel);
      this.channels.set(frame.ch, channel);
      // It may have closed while the snapshot was fetched.
      if (this.socket.readyState !== this.socket.OPEN) this.forget();
    }
  }

  private identify(ticket: string): void {
    const user = this.room.redeem(ticket);
    if (!user) throw badTicket();
    if (this.user && this.user.id !== user.id) throw badTicket();
    if (!this.user) this.room.admit(this, user);
    this.user = user;
  }

  private join(channel: ChannelName): Promise<void> {
    if (channel.kind === 'book') return this.room.markets.watchBook(channel.marketId, this);
    if (channel.kind === 'ticker') return this.room.markets.watchTicker(channel.marketId, this);
    if (!this.user) throw noTicket();
    return this.room.users.watch(channel.kind, this.user, this);
  }

  private leave(channel: ChannelName): void {
    if (channel.kind === 'book' || channel.kind === 'ticker') return this.room.markets.unwatch(channel.kind, channel.marketId, this);
    if (this.user) this.room.users.unwatch(channel.kind, this.user, this);
  }

  private problem(error: unknown) {
    return problemOf(error, { traceId: '', instance: '/v1/ws' });
  }
}
