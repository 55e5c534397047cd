import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { Log } from '@libs/chassis/log';
import { defineService } from '@libs/chassis/service';
import { AnalyticsService } from '@libs/contracts/gen/exchange/analytics/v1/analytics_pb';
import { CollectionService } from '@libs/contracts/gen/exchange/analytics/v1/collection_pb';
import { Sql } from '@libs/postgres/sql';
import { OnAsk } from './adapters/events/on-ask';
import { OnProduct } from './adapters/events/on-product';
import { OnTrade } from './adapters/events/on-trade';
import { InfluxPriceHistory } from './adapters/influx/influx-price-history';
import { AnalyticsLoops, BackgroundWork, PendingWork } from './adapters/loops/analytics-loops';
import { PostgresAsks } from './adapters/postgres/postgres-asks';
import { PostgresCatalogue } from './adapters/postgres/postgres-catalogue';
import { PostgresPortfolio } from './adapters/postgres/postgres-portfolio';
import { PostgresPriceAlerts } from './adapters/postgres/postgres-price-alerts';
import { PostgresPriceHistory } from './adapters/postgres/postgres-price-history';
import { PostgresRebuilding } from './adapters/postgres/postgres-rebuilding';
import { PostgresReports } from './adapters/postgres/postgres-reports';
import { PostgresSales } from './adapters/postgres/postgres-sales';
import { PostgresTrades } from './adapters/postgres/postgres-trades';
import { PostgresUnwritten } from './adapters/postgres/postgres-unwritten';
import { PostgresWatchers } from './adapters/postgres/postgres-watchers';
import { PostgresWatchlists } from './adapters/postgres/postgres-watchlists';
import { AnalyticsController } from './adapters/rpc/analytics.controller';
import { CollectionController } from './adapters/rpc/collection.controller';
import { RpcOwners } from './adapters/rpc/rpc-owners';
import { AnalyticsConfig } from './analytics.config';
import { CarryPortfolio } from './application/carry-portfolio';
import { Portfolio, PriceAlerts, Watchlists } from './application/collections';
import { FindMarket } from './application/find-market';
import { KeepAlerts } from './application/keep-alerts';
import { KeepPortfolio } from './application/keep-portfolio';
import { KeepWatchlists } from './application/keep-watchlists';
import { Asks, Catalogue, Histories, Owners, Rebuilding, Sales, Trades, UnwrittenTrades, Watchers } from './application/ports';
import { ReadCandles } from './application/read-candles';
import { ReadPortfolio } from './application/read-portfolio';
import { ReadPrices } from './application/read-prices';
import { Rebuild, RemoteParts } from './application/rebuild';
import { RecordTrade } from './application/record-trade';
import { Reports } from './application/reports';
import { WatchPrices } from './application/watch-prices';
import { WriteHistory } from './application/write-history';

const useCases = [FindMarket, RecordTrade, WriteHistory, ReadCandles, ReadPrices, WatchPrices, Rebuild, RemoteParts, KeepWatchlists, KeepAlerts, KeepPortfolio, ReadPortfolio, CarryPortfolio];

@Module({
  controllers: [AnalyticsController, CollectionController],
  providers: [
    ...useCases,
    OnTrade, OnAsk, OnProduct,
    BackgroundWork, PendingWork, AnalyticsLoops,
    {
      provide: Histories, inject: [Sql, AnalyticsConfig, Log],
      useFactory: (sql: Sql, { values: { influx } }: AnalyticsConfig, log: Log): Histories => ({ local: new PostgresPriceHistory(sql), remote: influx && new InfluxPriceHistory(influx, log) }),
    },
    { provide: Trades, useClass: PostgresTrades },
    { provide: Sales, useClass: PostgresSales },
    { provide: Reports, useClass: PostgresReports },
    { provide: UnwrittenTrades, useClass: PostgresUnwritten },
    { provide: Catalogue, useClass: PostgresCatalogue },
    { provide: Asks, useClass: PostgresAsks },
    { provide: Watchers, useClass: PostgresWatchers },
    { provide: Rebuilding, useClass: PostgresRebuilding },
    { provide: Owners, useClass: RpcOwners },
    { provide: Watchlists, useClass: PostgresWatchlists },
    { provide: PriceAlerts, useClass: PostgresPriceAlerts },
    { provide: Portfolio, useClass: PostgresPortfolio },
  ],
})
export class AnalyticsModule {
  static readonly service = defineService({
    name: 'analytics',
    config: AnalyticsConfig,
    serves: [AnalyticsService, CollectionService],
    migrations: join(__dirname, 'adapters/postgres/migrations'),
    projection: {
      tables: ['trades', 'products', 'markets', 'asks'],
      topics: ['products', 'markets', 'matches.created', 'orders'],
      // A closed ask is kept only to know what comes late.
      says: [
        'select match_id, market_id, market_seq, order_id, product_id, size, buyer_id, seller_id, currency, price, sold_at, brand, busted from trades',
        'select id, brand, model, currency, retail, version from products',
        'select id, product_id, size, currency from markets',
        'select ask_id, market_id, price, currency, expires_at from asks where is_open',
      ],
    },
  });
}
