import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { Controller } from '@nestjs/common';
import * as contract from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { AppError } from '@libs/kernel/app-error';
import { type CallContext, requireRole, requireService, userOf } from '@libs/rpc/call-context';
import type { RpcHandlers } from '@libs/rpc/rpc';
import { RpcService } from '@libs/rpc/rpc-service';
import type { Observable } from 'rxjs';
import { BustMatch } from '../../application/bust-match';
import { HaltMarket } from '../../application/halt-market';
import { ReadMarkets } from '../../application/read-markets';
import { ReadQuotes } from '../../application/read-quotes';
import type { Reply } from '../../application/ticket';
import type { Side } from '../../domain/side';
import { marketMessage, quoteMessage } from './messages';
import { Streams } from './streams';
import { type CommandCase, type Done, hashOf, Trading } from './trading';

const MARKETS_ASKED_MAX = 100;

interface MineRequest {
  readonly status: string;
  readonly marketId: string;
  readonly limit: number;
  readonly cursor: string;
}

@Controller()
@RpcService(contract.BiddingService)
export class BiddingController implements RpcHandlers<typeof contract.BiddingService> {
  constructor(
    private readonly trading: Trading,
    private readonly bust: BustMatch,
    private readonly halting: HaltMarket,
    private readonly markets: ReadMarkets,
    private readonly quotes: ReadQuotes,
    private readonly streams: Streams,
  ) {}

  placeBid(value: contract.PlaceBidRequest, call: CallContext) {
    return this.run(call, 'bid', { case: 'placeBid', value }, 'placedBid');
  }

  cancelBid(value: contract.CancelBidRequest, call: CallContext) {
    return this.run(call, 'bid', { case: 'cancelBid', value }, 'cancelledBid');
  }

  amendBid(value: contract.AmendBidRequest, call: CallContext) {
    return this.run(call, 'bid', { case: 'amendBid', value }, 'amendedBid');
  }

  buyNow(value: contract.BuyNowRequest, call: CallContext) {
    return this.run(call, 'bid', { case: 'buyNow', value }, 'bought');
  }

  placeAsk(value: contract.PlaceAskRequest, call: CallContext) {
    return this.run(call, 'ask', { case: 'placeAsk', value }, 'placedAsk');
  }

  cancelAsk(value: contract.CancelAskRequest, call: CallContext) {
    return this.run(call, 'ask', { case: 'cancelAsk', value }, 'cancelledAsk');
  }

  amendAsk(value: contract.AmendAskRequest, call: CallContext) {
    return this.run(call, 'ask', { case: 'amendAsk', value }, 'amendedAsk');
  }

  sellNow(value: contract.SellNowRequest, call: CallContext) {
    return this.run(call, 'ask', { case: 'sellNow', value }, 'sold');
  }

  async getMyBids(request: contract.GetMyBidsRequest, call: CallContext) {
    const { quotes: bids, nextCursor } = await this.mine('bid', request.bidId, request, call);
    return { bids, nextCursor };
  }

  async getMyAsks(request: contract.GetMyAsksRequest, call: CallContext) {
    const { quotes: asks, nextCursor } = await this.mine('ask', request.askId, request, call);
    return { asks, nextCursor };
  }

  async getMarketData({ marketIds }: contract.GetMarketDataRequest) {
    if (marketIds.length > MARKETS_ASKED_MAX) throw new AppError('invalid', 'bidding.too_many_markets', `Ask for at most ${MARKETS_ASKED_MAX} markets.`);
    return { markets: (await this.markets.views(marketIds)).map(marketMessage) };
  }

  async getOrderBook({ marketId, depth, minSeq }: contract.GetOrderBookRequest) {
    const { seq, epoch, state, bids, asks } = await this.markets.book(marketId, depth, Number(minSeq));
    const levels = (of: typeof bids) => of.map(({ price, quotes }) => ({ priceMinor: BigInt(price), quotes }));
    return { marketId, seq: BigInt(seq), epoch: BigInt(epoch), state, bids: levels(bids), asks: levels(asks) };
  }

  async countActiveAsks({ marketId }: contract.CountActiveAsksRequest) {
    return { activeAsks: await this.markets.activeAsks(marketId) };
  }

  async listMarketFacts({ after, limit }: contract.ListMarketFactsRequest, call: CallContext) {
    requireService(call, 'search');
    const markets = await this.markets.facts(after, limit);
    return {
      markets: markets.map(({ marketId, seq, asks, bustedMatchIds }) => ({
        marketId, marketSeq: BigInt(seq), asks: asks.map(({ askId, price }) => ({ askId, priceMinor: BigInt(price) })), bustedMatchIds: [...bustedMatchIds],
      })),
    };
  }

  async bustMatch({ matchId, reason, doNotRelist }: contract.BustMatchRequest, call: CallContext) {
    requireService(call, 'order');
    return { busted: await this.bust.execute({ matchId, reason, doNotRelist, traceparent: call.traceparent }) };
  }

  haltMarket(request: contract.HaltMarketRequest, call: CallContext) {
    return this.setState('halted', request, call);
  }

  resumeMarket(request: contract.ResumeMarketRequest, call: CallContext) {
    return this.setState('open', request, call);
  }

  async listMatches({ after, limit }: contract.ListMatchesRequest, call: CallContext) {
    requireService(call, 'analytics');
    return { matches: (await this.quotes.allMatches(after, limit)).map((match) => ({ ...match, marketSeq: BigInt(match.marketSeq) })) };
  }

  async listOpenAsks({ after, limit }: contract.ListOpenAsksRequest, call: CallContext) {
    requireService(call, 'analytics');
    const asks = await this.quotes.openAsks(after, limit);
    return { asks: asks.map(({ price, currency, expiresAt, marketSeq, ...ask }) => ({ ...ask, price: { minor: BigInt(price), currency }, expiresAt: timestampFromDate(expiresAt), marketSeq: BigInt(marketSeq) })) };
  }

  trade(requests: Observable<contract.TradeRequest>, call: CallContext) {
    requireService(call, 'gateway');
    return this.streams.trade(requests);
  }

  watchMarkets(_request: contract.WatchMarketsRequest, call: CallContext) {
    requireService(call, 'gateway');
    return this.streams.watchMarkets();
  }

  watchUserQuotes(requests: Observable<contract.WatchUserQuotesRequest>, call: CallContext) {
    requireService(call, 'gateway');
    return this.streams.watchUserQuotes(requests);
  }

  private run<C extends Done['case']>(call: CallContext, side: Side, command: CommandCase, _answer: C): Promise<Extract<Done, { case: C }>['value']> {
    const { id: userId } = requireRole(call, side === 'bid' ? 'buyer' : 'seller');
    const envelope = { userId, deadline: call.deadline?.getTime() ?? Infinity, traceparent: call.traceparent };
    return new Promise((resolve, reject) => {
      this.trading.execute(command, envelope, (answered) => {
        // Each command has one kind of answer; `Trading` pairs them, and the caller names the pair for the compiler.
        if ('done' in answered) resolve(answered.done.value as never);
        else reject(answered.error);
      });
    });
  }

  private async mine(side: Side, quoteId: string, { status, marketId, limit, cursor }: MineRequest, call: CallContext) {
    const page = await this.quotes.mine({ userId: userOf(call).id, side, quoteId, status, marketId, limit, cursor });
    return { quotes: page.quotes.map((quote) => ({ ...quoteMessage(quote, quote.currency, quote.matchId), seq: BigInt(quote.seq) })), nextCursor: page.nextCursor };
  }

  private async setState(to: 'halted' | 'open', { marketId, reason, idempotencyKey: key }: contract.HaltMarketRequest | contract.ResumeMarketRequest, call: CallContext) {
    const { id: userId } = requireRole(call, 'admin');
    const bodyHash = hashOf(`${to} ${marketId} ${reason}`);
    const command = { to, marketId, reason, userId, key, bodyHash, deadline: call.deadline?.getTime() ?? Infinity, traceparent: call.traceparent };
    const reply = await new Promise<Reply>((settle) => this.halting.execute(command, settle));
    if ('refused' in reply) throw reply.refused;
    if ('failed' in reply) throw reply.failed;
    return { seq: BigInt(reply.done.bookSeq), state: reply.done.state ?? '', replayed: reply.replayed };
  }
}
