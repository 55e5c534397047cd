import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { Injectable } from '@nestjs/common';
import { NotificationService } from '@libs/contracts/gen/exchange/notification/v1/notification_pb';
import { Rpc } from '@libs/rpc/rpc';
import { Mail, type PlannedMessage } from '../../application/message-ports';

@Injectable()
export class RpcMail extends Mail {
  constructor(private readonly rpc: Rpc) {
    super();
  }

  async send({ id, kind, userId, to, token, expiresAt }: PlannedMessage): Promise<void> {
    const request = { kind, userId, to, token, idempotencyKey: id, ...(expiresAt && { expiresAt: timestampFromDate(expiresAt) }) };
    await this.rpc.client(NotificationService).sendAccountMessage(request);
  }
}
