import { Injectable } from '@nestjs/common';
import { WallClock } from '@libs/kernel/clock';
import type { Session } from '../domain/session';
import type { Role } from '../domain/user';
import { Sessions, Users } from './ports';

@Injectable()
export class ReadSessions {
  constructor(
    private readonly sessions: Sessions,
    private readonly users: Users,
    private readonly wall: WallClock,
  ) {}

  async of(userId: string): Promise<readonly Session[]> {
    return this.sessions.live(userId, this.wall.now());
  }

  /** For a gateway that has not heard of revocations lately. */
  async check(sessionId: string): Promise<{ live: boolean; roles: readonly Role[] }> {
    const userId = await this.sessions.liveOwner(sessionId, this.wall.now());
    const user = userId === undefined ? undefined : await this.users.find(userId);
    return user ? { live: true, roles: user.roles } : { live: false, roles: [] };
  }
}
