import { Controller } from '@nestjs/common';
import type * as pb from '@libs/contracts/gen/exchange/search/v1/search_pb';
import { SearchService } from '@libs/contracts/gen/exchange/search/v1/search_pb';
import { pageSize } from '@libs/kernel/page-size';
import { type CallContext, requireRole, userOf } from '@libs/rpc/call-context';
import type { RpcHandlers } from '@libs/rpc/rpc';
import { RpcService } from '@libs/rpc/rpc-service';
import { FindProducts } from '../../application/find-products';
import { KeepSearches } from '../../application/keep-searches';
import { ReadTrends } from '../../application/read-trends';
import { RebuildIndex } from '../../application/rebuild-index';
import { SuggestProducts } from '../../application/suggest-products';
import { cursorOf, placeOf } from '../../domain/cursor';
import { cardMessage, facetsMessage, filterOf, queryOf, savedMessage, sortOf, suggestionMessage } from './messages';

@Controller()
@RpcService(SearchService)
export class SearchController implements RpcHandlers<typeof SearchService> {
  constructor(
    private readonly finding: FindProducts,
    private readonly suggesting: SuggestProducts,
    private readonly trends: ReadTrends,
    private readonly saved: KeepSearches,
    private readonly rebuilding: RebuildIndex,
  ) {}

  async search(request: pb.SearchRequest) {
    const query = queryOf(request);
    const found = await this.finding.search({ ...query, ...(request.cursor !== '' && { after: placeOf(query, request.cursor) }) });
    const { documents, total, isCorrected: corrected, isDegraded: degraded, next } = found;
    return { cards: documents.map(cardMessage), total: BigInt(total), corrected, degraded, nextCursor: next ? cursorOf(query, next) : '' };
  }

  async autocomplete({ text, brand, limit }: pb.AutocompleteRequest) {
    const { styles, brands, products, isDegraded: degraded } = await this.suggesting.execute({ text, limit: pageSize(limit), ...(brand !== '' && { brand }) });
    return { styles: styles.map(suggestionMessage), brands: brands.map(({ value, products: count }) => ({ brand: value, products: BigInt(count) })), products: products.map(suggestionMessage), degraded };
  }

  async getFacets({ query, filter }: pb.GetFacetsRequest) {
    const facets = await this.finding.facets(query, filterOf(filter));
    return { ...facetsMessage(facets), degraded: facets.isDegraded };
  }

  async getTrending({ limit }: pb.GetTrendingRequest) {
    const trends = await this.trends.execute(pageSize(limit));
    return { trends: trends.map(({ document, sales }) => ({ card: cardMessage(document), salesLast72Hours: sales })) };
  }

  async getBrands() {
    return { brands: (await this.finding.brands()).map(({ value, products }) => ({ brand: value, products: BigInt(products) })) };
  }

  async getSavedSearches(_request: pb.GetSavedSearchesRequest, call: CallContext) {
    return { searches: (await this.saved.of(userOf(call).id)).map(savedMessage) };
  }

  async saveSearch({ name, query: text, filter, sort }: pb.SaveSearchRequest, call: CallContext) {
    return { search: savedMessage(await this.saved.add(userOf(call).id, { name, text, filter: filterOf(filter), sort: sortOf(sort) })) };
  }

  async deleteSavedSearch({ searchId }: pb.DeleteSavedSearchRequest, call: CallContext) {
    await this.saved.remove(userOf(call).id, searchId);
    return {};
  }

  async reindex(_request: pb.ReindexRequest, call: CallContext) {
    requireRole(call, 'admin');
    const { id, phase } = await this.rebuilding.request('all');
    return { rebuildId: BigInt(id), phase };
  }
}
