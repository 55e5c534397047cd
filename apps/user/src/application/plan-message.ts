import { Injectable } from '@nestjs/common';
import { WallClock } from '@libs/kernel/clock';
import { Ids } from '@libs/kernel/ids';
import type { Transaction } from '@libs/postgres/transaction';
import { linkLifeMs, type LinkPurpose, MAILS_PER_WINDOW_MAX, type MessageKind, mailsCountFrom, type Notice } from '../domain/mail';
import type { User } from '../domain/user';
import { AccountMessages, MailedTokens } from './message-ports';
import { RefreshTokens } from './ports';

/** What somebody is to be told, written down with the reason for it. The caller holds the user's lock, so that counting and planning are one. */
@Injectable()
export class PlanMessage {
  constructor(
    private readonly messages: AccountMessages,
    private readonly tokens: MailedTokens,
    private readonly secrets: RefreshTokens,
    private readonly ids: Ids,
    private readonly wall: WallClock,
  ) {}

  /** Answers false when there were too many of this kind lately; the last one's link stays good then. */
  async link(tx: Transaction, { id: userId }: User, purpose: LinkPurpose, to: string): Promise<boolean> {
    if (await this.isTooMuch(tx, userId, purpose)) return false;
    const plannedAt = this.wall.now();
    const expiresAt = new Date(plannedAt.getTime() + linkLifeMs[purpose]);
    const token = this.secrets.fresh();
    await this.tokens.issue(tx, { hash: this.secrets.hash(token), purpose, userId, email: to, issuedAt: plannedAt, expiresAt });
    await this.messages.plan(tx, { id: this.ids.next('op'), kind: purpose, userId, to, token, plannedAt, expiresAt });
    return true;
  }

  /** A few of them say all: a flood of the same notice helps nobody. */
  async notice(tx: Transaction, { id: userId, email }: User, kind: Notice): Promise<void> {
    if (await this.isTooMuch(tx, userId, kind)) return;
    await this.messages.plan(tx, { id: this.ids.next('op'), kind, userId, to: email, token: '', plannedAt: this.wall.now() });
  }

  private async isTooMuch(tx: Transaction, userId: string, kind: MessageKind): Promise<boolean> {
    return (await this.messages.count(tx, userId, kind, mailsCountFrom(this.wall.now()))) >= MAILS_PER_WINDOW_MAX;
  }
}
