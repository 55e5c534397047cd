import { Controller } from '@nestjs/common';
import type * as pb from '@libs/contracts/gen/exchange/authentication/v1/authentication_pb';
import { AuthenticationService } from '@libs/contracts/gen/exchange/authentication/v1/authentication_pb';
import { type CallContext, requireRole, requireService } from '@libs/rpc/call-context';
import type { RpcHandlers } from '@libs/rpc/rpc';
import { RpcService } from '@libs/rpc/rpc-service';
import { ClaimInspection } from '../../application/claim-inspection';
import { JudgeInspection } from '../../application/judge-inspection';
import { OpenInspection } from '../../application/open-inspection';
import { ReadInspections } from '../../application/read-inspections';
import { RecordIntake } from '../../application/record-intake';
import { TendStrayParcels } from '../../application/tend-stray-parcels';
import { strayMessage, taskMessage } from './messages';

@Controller()
@RpcService(AuthenticationService)
export class AuthenticationController implements RpcHandlers<typeof AuthenticationService> {
  constructor(
    private readonly opening: OpenInspection,
    private readonly intake: RecordIntake,
    private readonly claims: ClaimInspection,
    private readonly judging: JudgeInspection,
    private readonly reads: ReadInspections,
    private readonly strays: TendStrayParcels,
  ) {}

  async createAuthTask({ orderId, productId, size, buyerId, sellerId }: pb.CreateAuthTaskRequest, call: CallContext) {
    requireService(call, 'order', 'authentication');
    return { taskId: await this.opening.execute({ orderId, productId, size, buyerId, sellerId }) };
  }

  async getAuthTasks(request: pb.GetAuthTasksRequest, call: CallContext) {
    const { id } = requireRole(call, 'authenticator', 'admin');
    const { inspections, nextCursor } = await this.reads.execute(id, request);
    return { tasks: inspections.map((inspection) => taskMessage(inspection, id)), nextCursor };
  }

  async recordIntake(request: pb.RecordIntakeRequest, call: CallContext) {
    const { id } = requireRole(call, 'authenticator');
    const received = await this.intake.execute(id, request);
    return 'stray' in received ? { stray: strayMessage(received.stray) } : { task: taskMessage(received.inspection, id) };
  }

  async claimAuthTask({ taskId }: pb.ClaimAuthTaskRequest, call: CallContext) {
    const { id } = requireRole(call, 'authenticator');
    return { task: taskMessage(await this.claims.claim(id, taskId), id) };
  }

  async renewClaim({ taskId }: pb.RenewClaimRequest, call: CallContext) {
    const { id } = requireRole(call, 'authenticator');
    return { task: taskMessage(await this.claims.renew(id, taskId), id) };
  }

  async releaseAuthTask({ taskId }: pb.ReleaseAuthTaskRequest, call: CallContext) {
    const { id } = requireRole(call, 'authenticator');
    await this.claims.release(id, taskId);
    return {};
  }

  async recordCheck({ taskId, check, expectedVersion }: pb.RecordCheckRequest, call: CallContext) {
    const { id } = requireRole(call, 'authenticator');
    const { kind = '', result = '', note = '' } = check ?? {};
    return { task: taskMessage(await this.judging.check(id, taskId, { kind, result, note, expectedVersion: Number(expectedVersion) }), id) };
  }

  async completeAuth(request: pb.CompleteAuthRequest, call: CallContext) {
    const { id } = requireRole(call, 'authenticator');
    return { task: taskMessage(await this.judging.first(id, request), id) };
  }

  async reviewAuth(request: pb.ReviewAuthRequest, call: CallContext) {
    const { id } = requireRole(call, 'authenticator');
    return { task: taskMessage(await this.judging.second(id, request), id) };
  }

  async decideAuth(request: pb.DecideAuthRequest, call: CallContext) {
    const { id } = requireRole(call, 'admin');
    return { task: taskMessage(await this.judging.decide(id, request, request.reason), id) };
  }

  async getStrayParcels(request: pb.GetStrayParcelsRequest, call: CallContext) {
    requireRole(call, 'authenticator', 'admin');
    const { parcels, nextCursor } = await this.strays.read(request);
    return { parcels: parcels.map(strayMessage), nextCursor };
  }

  async resolveStrayParcel({ parcelId, resolution }: pb.ResolveStrayParcelRequest, call: CallContext) {
    const { id } = requireRole(call, 'admin');
    return { parcel: strayMessage(await this.strays.resolve(id, parcelId, resolution)) };
  }
}
