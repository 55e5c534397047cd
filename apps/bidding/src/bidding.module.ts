import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { Log } from '@libs/chassis/log';
import { defineService } from '@libs/chassis/service';
import { Topology } from '@libs/chassis/topology';
import { BiddingService } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { EmbeddedUserFeed } from '@libs/redis/embedded-user-feed';
import { RedisConnection } from '@libs/redis/redis-connection';
import { RedisUserFeed } from '@libs/redis/redis-user-feed';
import { UserFeed } from '@libs/redis/user-feed';
import { RpcFactOwners } from './adapters/clients/rpc-fact-owners';
import { EmbeddedBooks } from './adapters/embedded/embedded-books';
import { EmbeddedMarketFeed } from './adapters/embedded/embedded-market-feed';
import { BusCommittedEvents } from './adapters/events/bus-committed-events';
import { OnOrderCreated } from './adapters/events/on-order-created';
import { OnPaymentMethod } from './adapters/events/on-payment-method';
import { OnProduct } from './adapters/events/on-product';
import { OnUser } from './adapters/events/on-user';
import { BackgroundWork, BiddingLoops } from './adapters/loops/bidding-loops';
import { PendingWork, WriterActivity, WriterMetrics } from './adapters/metrics/writer-metrics';
import { PostgresFactStore } from './adapters/postgres/postgres-fact-store';
import { PostgresKeptAnswers } from './adapters/postgres/postgres-kept-answers';
import { PostgresMarketStore } from './adapters/postgres/postgres-market-store';
import { PostgresRecords } from './adapters/postgres/postgres-records';
import { PostgresShardSessions } from './adapters/postgres/postgres-shard-sessions';
import { RedisBooks } from './adapters/redis/redis-books';
import { RedisMarketFeed } from './adapters/redis/redis-market-feed';
import { BiddingController } from './adapters/rpc/bidding.controller';
import { Streams } from './adapters/rpc/streams';
import { Trading } from './adapters/rpc/trading';
import { AmendQuote } from './application/amend-quote';
import { ApplyFactEffects } from './application/apply-fact-effects';
import { Books } from './application/books';
import { BustMatch } from './application/bust-match';
import { CancelQuote } from './application/cancel-quote';
import { ExpireQuotes } from './application/expire-quotes';
import { ExplainQuote } from './application/explain-quote';
import { HaltMarket } from './application/halt-market';
import { Intake } from './application/intake';
import { Limits } from './application/limits';
import { MarketDirectory } from './application/market-directory';
import { MarketFeed } from './application/market-feed';
import { PlaceQuote } from './application/place-quote';
import { CommittedEvents, FactOwners, FactStore, KeptAnswers, MarketStore, Records, ShardSessions } from './application/ports';
import { ProjectBooks } from './application/project-books';
import { ReadMarkets } from './application/read-markets';
import { ReadQuotes } from './application/read-quotes';
import { ReconcileBooks } from './application/reconcile-books';
import { RunWriter } from './application/run-writer';
import { TellUsers } from './application/tell-users';
import { Traders } from './application/traders';
import { Writer } from './application/writer';
import { WriterParts } from './application/writer-parts';
import { BiddingConfig } from './bidding.config';

const useCases = [
  PlaceQuote, CancelQuote, AmendQuote, ExplainQuote, BustMatch, HaltMarket, ReadMarkets, ReadQuotes,
  Writer, WriterParts, Intake, Traders, MarketDirectory, RunWriter, ExpireQuotes, ApplyFactEffects, ProjectBooks, ReconcileBooks, TellUsers,
];

@Module({
  controllers: [BiddingController],
  providers: [
    ...useCases,
    { provide: Limits, inject: [BiddingConfig], useFactory: ({ values }: BiddingConfig): Limits => ({ maxOpenQuotes: values.MAX_OPEN_QUOTES, maxOpenExposure: values.MAX_OPEN_EXPOSURE_MINOR }) },
    { provide: ShardSessions, useClass: PostgresShardSessions },
    { provide: KeptAnswers, useClass: PostgresKeptAnswers },
    { provide: Records, useClass: PostgresRecords },
    { provide: FactStore, useClass: PostgresFactStore },
    { provide: MarketStore, useClass: PostgresMarketStore },
    { provide: FactOwners, useClass: RpcFactOwners },
    { provide: CommittedEvents, useClass: BusCommittedEvents },
    { provide: Books, inject: [RedisConnection], useFactory: ({ client }: RedisConnection) => (client ? new RedisBooks(client) : new EmbeddedBooks()) },
    {
      provide: MarketFeed, inject: [RedisConnection, Topology, Log],
      useFactory: (redis: RedisConnection, { isOneProcess }: Topology, log: Log) => (redis.client && !isOneProcess ? new RedisMarketFeed(redis, log) : new EmbeddedMarketFeed()),
    },
    {
      provide: UserFeed, inject: [RedisConnection, Topology, Log],
      useFactory: (redis: RedisConnection, { isOneProcess }: Topology, log: Log) => (redis.client && !isOneProcess ? new RedisUserFeed('bidding', redis, log) : new EmbeddedUserFeed()),
    },
    Trading, Streams,
    OnUser, OnPaymentMethod, OnProduct, OnOrderCreated,
    BackgroundWork, BiddingLoops, WriterMetrics, WriterActivity, PendingWork,
  ],
})
export class BiddingModule {
  static readonly service = defineService({
    name: 'bidding',
    config: BiddingConfig,
    serves: [BiddingService],
    migrations: join(__dirname, 'adapters/postgres/migrations'),
  });
}
