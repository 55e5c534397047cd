import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { AuthTaskSchema, StrayParcelSchema } from '@libs/contracts/gen/exchange/authentication/v1/authentication_pb';
import type { StrayParcel } from '../../application/ports';
import type { Inspection } from '../../domain/inspection';

/** A task as `userId` sees it: opinions stay with those who gave them until there is a verdict, and no name is ever shown. */
export function taskMessage(inspection: Inspection, userId: string): MessageInitShape<typeof AuthTaskSchema> {
  const { id, orderId, productId, size, claim, checks, receivedAt, decidedAt, dueAt } = inspection;
  const own = inspection.opinions.find(({ by }) => by === userId);
  const said = inspection.verdict ? inspection : own;
  // Whoever decides between two opinions has to know what they say.
  const reasons = inspection.state === 'disagreement' ? [...new Set(inspection.opinions.flatMap((opinion) => opinion.reasons))] : [...(said?.reasons ?? [])];
  return {
    id, orderId, productId, size, reasons,
    state: inspection.state === 'queued' && claim?.isLive ? 'claimed' : inspection.state,
    verdict: inspection.verdict ?? '',
    checks: checks.map(({ kind, result, note }) => ({ kind, result, note })),
    claimedByMe: claim?.isLive === true && claim.by === userId,
    version: BigInt(inspection.version),
    ...(receivedAt && { receivedAt: timestampFromDate(receivedAt) }),
    ...(claim?.isLive && { claimedUntil: timestampFromDate(claim.until) }),
    ...(decidedAt && { decidedAt: timestampFromDate(decidedAt) }),
    ...(dueAt && { dueAt: timestampFromDate(dueAt) }),
  };
}

export function strayMessage({ receivedAt, resolvedAt, ...parcel }: StrayParcel): MessageInitShape<typeof StrayParcelSchema> {
  const { id, tracking, orderId, note, resolution } = parcel;
  return { id, tracking, orderId, note, resolution, receivedAt: timestampFromDate(receivedAt), ...(resolvedAt && { resolvedAt: timestampFromDate(resolvedAt) }) };
}
