import { Injectable } from '@nestjs/common';
import { Ids } from '@libs/kernel/ids';
import { ShardSessions, type ShardSession } from '../../application/ports';
import { BiddingConfig } from '../../bidding.config';
import { PostgresShardSession } from './shard-session';

@Injectable()
export class PostgresShardSessions extends ShardSessions {
  constructor(
    private readonly config: BiddingConfig,
    private readonly ids: Ids,
  ) {
    super();
  }

  open(owner: string): Promise<ShardSession> {
    return PostgresShardSession.open(this.config.values.BIDDING_DATABASE_URL, owner, this.ids);
  }
}
