import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { Injectable } from '@nestjs/common';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  CheckSessionRequest, GetSessionsRequest, RevokeSessionRequest, WatchRevocationsRequest, WatchRevocationsResponseSchema,
} from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { type CallContext, requireService, userOf } from '@libs/rpc/call-context';
import { Observable } from 'rxjs';
import { EndSessions } from '../../application/end-sessions';
import { type Revocation, RevocationFeed, type RevocationNews } from '../../application/ports';
import { ReadSessions } from '../../application/read-sessions';
import { sessionMessage } from './messages';

type Change = MessageInitShape<typeof WatchRevocationsResponseSchema>;

@Injectable()
export class SessionRpc {
  constructor(
    private readonly reading: ReadSessions,
    private readonly ending: EndSessions,
    private readonly revocations: RevocationFeed,
  ) {}

  async getSessions(_: GetSessionsRequest, call: CallContext) {
    const { id, sessionId } = userOf(call);
    return { sessions: (await this.reading.of(id)).map((session) => sessionMessage(session, sessionId)) };
  }

  async revokeSession({ sessionId }: RevokeSessionRequest, call: CallContext) {
    await this.ending.revoke(userOf(call).id, sessionId);
    return {};
  }

  async checkSession({ sessionId }: CheckSessionRequest, call: CallContext) {
    requireService(call, 'gateway');
    const { live, roles } = await this.reading.check(sessionId);
    return { live, roles: [...roles] };
  }

  watchRevocations(_: WatchRevocationsRequest, call: CallContext): Observable<Change> {
    requireService(call, 'gateway');
    return new Observable((watcher) => this.revocations.watch((news) => watcher.next(changeOf(news)), (error) => watcher.error(error)));
  }
}

function changeOf(news: RevocationNews): Change {
  switch (news.kind) {
    case 'snapshot':
      return { change: { case: 'snapshot', value: { revoked: news.revoked.map(revocationMessage) } } };
    case 'revoked':
      return { change: { case: 'revoked', value: revocationMessage(news.revocation) } };
    case 'heartbeat':
      return { change: { case: 'heartbeat', value: {} } };
  }
}

function revocationMessage({ sessionId, forgetAt }: Revocation) {
  return { sessionId, forgetAt: timestampFromDate(forgetAt) };
}
