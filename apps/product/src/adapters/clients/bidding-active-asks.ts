import { Injectable } from '@nestjs/common';
import { BiddingService } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { Rpc } from '@libs/rpc/rpc';
import { ActiveAsks } from '../../application/ports';

@Injectable()
export class BiddingActiveAsks extends ActiveAsks {
  constructor(private readonly rpc: Rpc) {
    super();
  }

  async count(marketId: string): Promise<number> {
    return (await this.rpc.client(BiddingService).countActiveAsks({ marketId })).activeAsks;
  }
}
