import type { MessageInitShape } from '@bufbuild/protobuf';
import type { TradeRequestSchema } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { Observable, type Subscriber } from 'rxjs';

/** The sending side of a stream. A transport listens a moment after it was opened: what is said before waits for it. */
export class RequestLine<Message = MessageInitShape<typeof TradeRequestSchema>> {
  readonly messages = new Observable<Message>((listener) => {
    this.listener = listener;
    for (const message of this.early) listener.next(message);
    this.early = [];
  });
  private listener: Subscriber<Message> | undefined;
  private early: Message[] = [];

  next(message: Message): void {
    if (this.listener) this.listener.next(message);
    else this.early.push(message);
  }

  complete(): void {
    this.listener?.complete();
  }
}
