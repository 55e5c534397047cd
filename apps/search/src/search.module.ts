import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { defineService } from '@libs/chassis/service';
import { SearchService } from '@libs/contracts/gen/exchange/search/v1/search_pb';
import { WallClock } from '@libs/kernel/clock';
import { RedisConnection } from '@libs/redis/redis-connection';
import { RpcOwners } from './adapters/clients/rpc-owners';
import { elasticClient } from './adapters/elasticsearch/elastic-client';
import { ElasticIndex } from './adapters/elasticsearch/elastic-index';
import { OnMarket } from './adapters/events/on-market';
import { OnOrderCreated } from './adapters/events/on-order-created';
import { OnProduct } from './adapters/events/on-product';
import { Reports, SearchLoops } from './adapters/loops/search-loops';
import { MemoryFoundCache } from './adapters/memory/memory-found-cache';
import { Lookups } from './adapters/postgres/lookups';
import { PostgresDocuments } from './adapters/postgres/postgres-documents';
import { PostgresFacts } from './adapters/postgres/postgres-facts';
import { PostgresIndex } from './adapters/postgres/postgres-index';
import { PostgresRebuilds } from './adapters/postgres/postgres-rebuilds';
import { PostgresRevisions } from './adapters/postgres/postgres-revisions';
import { PostgresSavedSearches } from './adapters/postgres/postgres-saved-searches';
import { PostgresTrends } from './adapters/postgres/postgres-trends';
import { RedisFoundCache } from './adapters/redis/redis-found-cache';
import { SearchController } from './adapters/rpc/search.controller';
import { AskIndex } from './application/ask-index';
import { FindProducts } from './application/find-products';
import { KeepIndex } from './application/keep-index';
import { KeepSearches } from './application/keep-searches';
import { Documents, Facts, FoundCache, Owners, Rebuilds, Revisions, SavedSearches, SearchForms, Trends } from './application/ports';
import { ProjectDocuments } from './application/project-documents';
import { ReadTrends } from './application/read-trends';
import { RebuildIndex, Sources } from './application/rebuild-index';
import { SuggestProducts } from './application/suggest-products';
import { SearchConfig } from './search.config';

/** The database's form always, and Elasticsearch's where it has an address. */
function formsOf({ values }: SearchConfig, postgres: PostgresIndex, wall: WallClock): SearchForms {
  const { ELASTICSEARCH_URL, ELASTICSEARCH_ALIAS } = values;
  if (!ELASTICSEARCH_URL) return { postgres, preferred: postgres, all: [postgres] };
  const elastic = new ElasticIndex(elasticClient(ELASTICSEARCH_URL), ELASTICSEARCH_ALIAS, wall);
  return { postgres, preferred: elastic, all: [postgres, elastic] };
}

@Module({
  controllers: [SearchController],
  providers: [
    FindProducts, SuggestProducts, ReadTrends, KeepSearches, AskIndex, ProjectDocuments, RebuildIndex, Sources, KeepIndex,
    OnProduct, OnMarket, OnOrderCreated, Lookups, PostgresIndex, Reports, SearchLoops,
    { provide: Facts, useClass: PostgresFacts },
    { provide: Documents, useClass: PostgresDocuments },
    { provide: Revisions, useClass: PostgresRevisions },
    { provide: Rebuilds, useClass: PostgresRebuilds },
    { provide: Trends, useClass: PostgresTrends },
    { provide: SavedSearches, useClass: PostgresSavedSearches },
    { provide: Owners, useClass: RpcOwners },
    { provide: SearchForms, useFactory: formsOf, inject: [SearchConfig, PostgresIndex, WallClock] },
    { provide: FoundCache, useFactory: ({ client }: RedisConnection, wall: WallClock) => (client ? new RedisFoundCache(client) : new MemoryFoundCache(wall)), inject: [RedisConnection, WallClock] },
  ],
})
export class SearchModule {
  static readonly service = defineService({
    name: 'search',
    config: SearchConfig,
    serves: [SearchService],
    migrations: join(__dirname, 'adapters/postgres/migrations'),
    projection: {
      tables: ['products', 'markets', 'asks', 'market_floors', 'sales'],
      topics: ['products', 'markets', 'matches.created', 'orders'],
      // A closed ask is kept only to know what comes late: its price may be that of the match.
      says: [
        'select id, version, is_retired, brand, model, colorway, style_id, category, description, currency, retail_price_minor, release_date, image_url, url_key, created_at from products',
        'select id, product_id, position, size, is_active from markets',
        'select id, market_id, price_minor from asks where is_open',
        'select match_id, market_id, price_minor, sold_at, is_busted from sales',
      ],
    },
  });
}
