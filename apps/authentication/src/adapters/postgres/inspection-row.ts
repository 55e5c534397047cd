import { typeId } from '@libs/kernel/ids';
import type { Check, FailReason, Inspection, Opinion, State, Verdict } from '../../domain/inspection';

export interface InspectionRow {
  readonly id: string;
  readonly order_id: string;
  readonly product_id: string;
  readonly size: string;
  readonly buyer_id: string;
  readonly seller_id: string;
  readonly state: State;
  readonly created_at: Date;
  readonly received_at: Date | null;
  readonly due_at: Date | null;
  readonly claimed_by: string | null;
  readonly claimed_until: Date | null;
  readonly claim_is_live: boolean | null;
  readonly version: number;
  readonly checks: Check[];
  readonly opinions: Opinion[];
  readonly verdict: Verdict | null;
  readonly reasons: FailReason[] | null;
  readonly decided_at: Date | null;
}

export const INSPECTION = `select i.*, i.claimed_until > now() as claim_is_live, v.verdict, v.reasons, v.decided_at,
    (select coalesce(json_agg(json_build_object('kind', c.kind, 'result', c.result, 'note', c.note) order by c.kind), '[]')
      from checks c where c.inspection_id = i.id) as checks,
    (select coalesce(json_agg(json_build_object('voice', o.voice, 'by', o.given_by, 'verdict', o.verdict, 'reasons', o.reasons) order by o.given_at), '[]')
      from opinions o where o.inspection_id = i.id) as opinions
  from inspections i left join verdicts v on v.inspection_id = i.id`;

export function inspectionOf(row: InspectionRow): Inspection {
  const { claimed_by: by, claimed_until: until } = row;
  return {
    id: typeId('ins', row.id),
    orderId: typeId('ord', row.order_id),
    productId: typeId('prd', row.product_id),
    size: row.size,
    buyerId: typeId('usr', row.buyer_id),
    sellerId: typeId('usr', row.seller_id),
    state: row.state,
    createdAt: row.created_at,
    receivedAt: row.received_at ?? undefined,
    dueAt: row.due_at ?? undefined,
    ...(by && until && { claim: { by: typeId('usr', by), until, isLive: row.claim_is_live ?? false } }),
    checks: row.checks,
    opinions: row.opinions.map((opinion) => ({ ...opinion, by: typeId('usr', opinion.by) })),
    verdict: row.verdict ?? undefined,
    reasons: row.reasons ?? [],
    decidedAt: row.decided_at ?? undefined,
    version: row.version,
  };
}
