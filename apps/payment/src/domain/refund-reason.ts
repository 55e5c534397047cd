/** Why an order gives the buyer's money back, in order's words. */
const refundReasons = ['payment_failed', 'reserve_failed', 'seller_cancelled', 'did_not_ship', 'lost_inbound', 'lost_outbound', 'inspection_failed', 'admin'] as const;

/** What is counted by reason has a bounded set of them; the contract takes any text. */
export function countedReason(reason: string): string {
  return (refundReasons as readonly string[]).includes(reason) ? reason : 'other';
}
