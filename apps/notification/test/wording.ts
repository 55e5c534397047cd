import { money } from '@libs/kernel/money';
import type { Facts } from '../src/domain/told';

/** Everything that a message may tell of. */
export const everyFact: Facts = {
  amount: money('USD', 48_745), price: money('USD', 45_000), before: money('USD', 1_234_500), at: '2026-03-03T15:04:00.000Z', until: '2026-03-04T20:30:00.000Z',
  tracking: 'SBX1Z999', side: 'bid', reason: 'did_not_ship', reasons: ['damaged_box', 'used'], isPaid: true, isBack: true,
};

/** No reader may find a placeholder, a hole, a name of ours for a thing, an id, a raw number or date. */
export const UNFIT = /\{\{|\}\}|\$\{|undefined|\bnull\b|NaN|\[object|\b[a-z]+_[a-z_]+\b|\b(usr|ord|bid|ask|mtc|mkt|prd|ntf)_|\d{4}-\d\d-\d\dT|\bUSD\b|\b\d{5,}\b|escrow|  +\.|\.\./;
