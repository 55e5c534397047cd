import { Injectable } from '@nestjs/common';
import { WallClock } from '@libs/kernel/clock';
import type { Transaction } from '@libs/postgres/transaction';
import { tokenInvalid } from '../domain/errors';
import type { LinkPurpose } from '../domain/mail';
import type { User } from '../domain/user';
import { type MailedToken, MailedTokens } from './message-ports';
import { RefreshTokens, Users } from './ports';

export interface FollowedLink {
  readonly link: MailedToken;
  readonly user: User;
  readonly at: Date;
}

/** Links as they come back. Unknown, used up, expired or replaced: all of it is one refusal. */
@Injectable()
export class MailedLinks {
  constructor(
    private readonly tokens: MailedTokens,
    private readonly users: Users,
    private readonly secrets: RefreshTokens,
    private readonly wall: WallClock,
  ) {}

  /** Whose it is, if it is good; it stays so. */
  async read(token: string, ...purposes: readonly LinkPurpose[]): Promise<MailedToken> {
    const link = await this.tokens.find({ hash: this.secrets.hash(token), purposes, now: this.wall.now() });
    if (!link) throw tokenInvalid();
    return link;
  }

  /** Uses it up. The user is locked first, as whoever sends links does: nobody waits for anybody in a circle. */
  async follow(tx: Transaction, token: string, ...purposes: readonly LinkPurpose[]): Promise<FollowedLink> {
    const at = this.wall.now();
    const wanted = { hash: this.secrets.hash(token), purposes, now: at };
    const link = await this.tokens.find(wanted, tx);
    const locked = link && (await this.users.lock(tx, link.userId));
    if (!locked || !(await this.tokens.use(tx, wanted))) throw tokenInvalid();
    return { link, user: locked.user, at };
  }

  /** Those that were sent and not used are good for nothing from now on. */
  async void(tx: Transaction, userId: string, ...purposes: readonly LinkPurpose[]): Promise<void> {
    await this.tokens.void(tx, userId, purposes);
  }
}
