import { createHash } from 'node:crypto';
import { Controller } from '@nestjs/common';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import type * as pb from '@libs/contracts/gen/exchange/analytics/v1/collection_pb';
import { CollectionService } from '@libs/contracts/gen/exchange/analytics/v1/collection_pb';
import { moneyFromMessage } from '@libs/kernel/money';
import { type CallContext, userOf } from '@libs/rpc/call-context';
import type { RpcHandlers } from '@libs/rpc/rpc';
import { RpcService } from '@libs/rpc/rpc-service';
import { CarryPortfolio } from '../../application/carry-portfolio';
import { KeepAlerts } from '../../application/keep-alerts';
import { KeepPortfolio } from '../../application/keep-portfolio';
import { KeepWatchlists } from '../../application/keep-watchlists';
import { ReadPortfolio } from '../../application/read-portfolio';
import { alertMessage, itemMessage, valueMessage, watchlistMessage } from './collection-messages';
import { CURRENCY } from './messages';

@Controller()
@RpcService(CollectionService)
export class CollectionController implements RpcHandlers<typeof CollectionService> {
  constructor(
    private readonly lists: KeepWatchlists,
    private readonly alerts: KeepAlerts,
    private readonly items: KeepPortfolio,
    private readonly portfolio: ReadPortfolio,
    private readonly carrying: CarryPortfolio,
  ) {}

  async getWatchlists(_request: pb.GetWatchlistsRequest, call: CallContext) {
    return { watchlists: (await this.lists.read(userOf(call).id)).map(watchlistMessage) };
  }

  async createWatchlist({ name }: pb.CreateWatchlistRequest, call: CallContext) {
    return { watchlist: watchlistMessage(await this.lists.create(userOf(call).id, name)) };
  }

  async renameWatchlist({ watchlistId, name }: pb.RenameWatchlistRequest, call: CallContext) {
    return { watchlist: watchlistMessage(await this.lists.rename(userOf(call).id, watchlistId, name)) };
  }

  async deleteWatchlist({ watchlistId }: pb.DeleteWatchlistRequest, call: CallContext) {
    await this.lists.remove(userOf(call).id, watchlistId);
    return {};
  }

  async putWatchlistItem({ watchlistId, marketId }: pb.PutWatchlistItemRequest, call: CallContext) {
    return { watchlist: watchlistMessage(await this.lists.put(userOf(call).id, watchlistId, marketId)) };
  }

  async removeWatchlistItem({ watchlistId, marketId }: pb.RemoveWatchlistItemRequest, call: CallContext) {
    await this.lists.take(userOf(call).id, watchlistId, marketId);
    return {};
  }

  async getPriceAlerts(_request: pb.GetPriceAlertsRequest, call: CallContext) {
    return { alerts: (await this.alerts.read(userOf(call).id)).map(alertMessage) };
  }

  async createPriceAlert({ marketId, threshold }: pb.CreatePriceAlertRequest, call: CallContext) {
    return { alert: alertMessage(await this.alerts.create(userOf(call).id, marketId, moneyFromMessage(threshold))) };
  }

  async updatePriceAlert({ alertId, threshold }: pb.UpdatePriceAlertRequest, call: CallContext) {
    return { alert: alertMessage(await this.alerts.change(userOf(call).id, alertId, moneyFromMessage(threshold))) };
  }

  async deletePriceAlert({ alertId }: pb.DeletePriceAlertRequest, call: CallContext) {
    await this.alerts.remove(userOf(call).id, alertId);
    return {};
  }

  async getPortfolio({ limit, cursor }: pb.GetPortfolioRequest, call: CallContext) {
    const { items, nextCursor, value } = await this.portfolio.execute(userOf(call).id, limit, cursor);
    return { items: items.map(itemMessage), nextCursor, value: valueMessage(value, CURRENCY) };
  }

  async addPortfolioItem({ marketId, cost, acquiredAt, note }: pb.AddPortfolioItemRequest, call: CallContext) {
    const item = await this.items.add(userOf(call).id, { marketId, cost: moneyFromMessage(cost), acquiredAt: acquiredAt && timestampDate(acquiredAt), note });
    return { item: itemMessage(item) };
  }

  async updatePortfolioItem({ itemId, cost, acquiredAt, note, proceeds, soldAt }: pb.UpdatePortfolioItemRequest, call: CallContext) {
    const change = {
      cost: cost && moneyFromMessage(cost), acquiredAt: acquiredAt && timestampDate(acquiredAt), note,
      proceeds: proceeds && moneyFromMessage(proceeds), soldAt: soldAt && timestampDate(soldAt),
    };
    return { item: itemMessage(await this.items.change(userOf(call).id, itemId, change)) };
  }

  async takeBackSale({ itemId }: pb.TakeBackSaleRequest, call: CallContext) {
    return { item: itemMessage(await this.items.takeBackSale(userOf(call).id, itemId)) };
  }

  async removePortfolioItem({ itemId }: pb.RemovePortfolioItemRequest, call: CallContext) {
    await this.items.remove(userOf(call).id, itemId);
    return {};
  }

  async exportPortfolio(_request: pb.ExportPortfolioRequest, call: CallContext) {
    return { csv: await this.carrying.out(userOf(call).id) };
  }

  async importPortfolio({ csv, idempotencyKey }: pb.ImportPortfolioRequest, call: CallContext) {
    const hash = createHash('sha256').update(csv).digest('hex');
    const { imported, alreadyThere, errors, isReplayed } = await this.carrying.in(userOf(call).id, idempotencyKey, { csv, hash });
    return { imported, alreadyThere, errors: errors.map((error) => ({ ...error })), replayed: isReplayed };
  }
}
