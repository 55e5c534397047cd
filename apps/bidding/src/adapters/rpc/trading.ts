import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { AnswerSchema, Command } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import type { Money } from '@libs/contracts/gen/exchange/money/v1/money_pb';
import { AmendQuote } from '../../application/amend-quote';
import { CancelQuote } from '../../application/cancel-quote';
import { MarketDirectory } from '../../application/market-directory';
import { PlaceQuote } from '../../application/place-quote';
import type { Reply } from '../../application/ticket';
import type { Side } from '../../domain/side';
import { matchMessage, quoteMessage } from './messages';

export type CommandCase = Exclude<Command['command'], { case: undefined }>;
type Outcome = NonNullable<MessageInitShape<typeof AnswerSchema>['outcome']>;
export type Done = Exclude<Outcome, { case: 'refusal' | undefined }>;
export type Answered = { readonly done: Done } | { readonly error: Error };

export interface Envelope {
  readonly userId: string;
  readonly deadline: number;
  readonly traceparent: string | undefined;
}

/** The eight commands of traders, whichever road they come by: a message in, the message of its answer out. */
@Injectable()
export class Trading {
  constructor(
    private readonly placing: PlaceQuote,
    private readonly cancelling: CancelQuote,
    private readonly amending: AmendQuote,
    private readonly directory: MarketDirectory,
  ) {}

  execute(command: CommandCase, envelope: Envelope, answer: (answered: Answered) => void): void {
    const settle = (reply: Reply) => answer(this.answerTo(command.case, reply));
    switch (command.case) {
      case 'placeBid':
        return this.place({ side: 'bid', immediate: false }, { ...command.value, name: command.case }, envelope, settle);
      case 'placeAsk':
        return this.place({ side: 'ask', immediate: false }, { ...command.value, name: command.case, paymentMethodId: '' }, envelope, settle);
      case 'buyNow':
        return this.place({ side: 'bid', immediate: true }, { ...command.value, name: command.case, price: command.value.limit, expiresInDays: 0 }, envelope, settle);
      case 'sellNow':
        return this.place({ side: 'ask', immediate: true }, { ...command.value, name: command.case, price: command.value.limit, expiresInDays: 0, paymentMethodId: '' }, envelope, settle);
      case 'cancelBid':
        return this.cancel('bid', { quoteId: command.value.bidId, key: command.value.idempotencyKey }, envelope, settle);
      case 'cancelAsk':
        return this.cancel('ask', { quoteId: command.value.askId, key: command.value.idempotencyKey }, envelope, settle);
      case 'amendBid':
        return this.amend('bid', { ...command.value, quoteId: command.value.bidId }, envelope, settle);
      case 'amendAsk':
        return this.amend('ask', { ...command.value, quoteId: command.value.askId }, envelope, settle);
    }
  }

  private place({ side, immediate }: { readonly side: Side; readonly immediate: boolean }, request: PlaceFields, envelope: Envelope, settle: (reply: Reply) => void): void {
    const { marketId, expiresInDays, paymentMethodId, addressVersionId, idempotencyKey: key } = request;
    const { currency, minor } = priceOf(request.price);
    this.placing.execute(
      {
        ...envelope, key, side, marketId, currency, price: minor, expiresInDays, immediate, paymentMethodId, addressVersionId,
        bodyHash: hashOf(`${request.name} ${marketId} ${currency} ${minor} ${expiresInDays} ${paymentMethodId} ${addressVersionId}`),
      },
      settle,
    );
  }

  private cancel(side: Side, { quoteId, key }: { readonly quoteId: string; readonly key: string }, envelope: Envelope, settle: (reply: Reply) => void): void {
    this.cancelling.execute({ ...envelope, key, side, quoteId, bodyHash: hashOf(`cancel ${quoteId}`) }, settle);
  }

  private amend(side: Side, request: AmendFields, envelope: Envelope, settle: (reply: Reply) => void): void {
    const { quoteId, expiresInDays, idempotencyKey: key } = request;
    const price = request.price && priceOf(request.price);
    const expectedVersion = Number(request.expectedVersion);
    // Who repeats a request names the version that it named before, and gets the answer of before; who names another one has seen another quote, and means another request.
    const bodyHash = hashOf(`amend ${quoteId} ${price?.currency ?? ''} ${price?.minor ?? ''} ${expiresInDays} ${expectedVersion}`);
    this.amending.execute({ ...envelope, key, side, quoteId, price, expiresInDays, expectedVersion, bodyHash }, settle);
  }

  private answerTo(command: CommandCase['case'], reply: Reply): Answered {
    if ('refused' in reply) return { error: reply.refused };
    if ('failed' in reply) return { error: reply.failed };
    const { done, replayed } = reply;
    const currency = (done.quote && this.directory.get(done.quote.marketId)?.terms.currency) ?? '';
    const quote = done.quote && quoteMessage(done.quote, currency, done.match?.id);
    const match = done.match && matchMessage(done.match, currency);
    const bookSeq = BigInt(done.bookSeq);
    switch (command) {
      case 'placeBid': return { done: { case: 'placedBid', value: { bid: quote, match, bookSeq, replayed } } };
      case 'placeAsk': return { done: { case: 'placedAsk', value: { ask: quote, match, bookSeq, replayed } } };
      case 'buyNow': return { done: { case: 'bought', value: { bid: quote, match, bookSeq, replayed } } };
      case 'sellNow': return { done: { case: 'sold', value: { ask: quote, match, bookSeq, replayed } } };
      case 'cancelBid': return { done: { case: 'cancelledBid', value: { bid: quote, bookSeq, replayed } } };
      case 'cancelAsk': return { done: { case: 'cancelledAsk', value: { ask: quote, bookSeq, replayed } } };
      case 'amendBid': return { done: { case: 'amendedBid', value: { bid: quote, match, bookSeq, replayed } } };
      case 'amendAsk': return { done: { case: 'amendedAsk', value: { ask: quote, match, bookSeq, replayed } } };
    }
  }
}

interface PlaceFields {
  readonly name: string;
  readonly marketId: string;
  readonly price?: Money;
  readonly expiresInDays: number;
  readonly paymentMethodId: string;
  readonly addressVersionId: string;
  readonly idempotencyKey: string;
}

interface AmendFields {
  readonly quoteId: string;
  readonly price?: Money;
  readonly expiresInDays: number;
  readonly expectedVersion: bigint;
  readonly idempotencyKey: string;
}

/** A price that is missing is 0 of no currency, which no market takes. */
function priceOf(price: Money | undefined): { currency: string; minor: number } {
  return { currency: price?.currency ?? '', minor: Number(price?.minor ?? 0n) };
}

export function hashOf(text: string): Uint8Array {
  return hash('sha256', text, 'buffer');
}
