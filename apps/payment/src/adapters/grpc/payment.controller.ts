import { Controller } from '@nestjs/common';
import { PaymentService } from '@libs/contracts/gen/exchange/payment/v1/payment_pb';
import type { RpcHandlers } from '@libs/rpc/rpc';
import { RpcService } from '@libs/rpc/rpc-service';
import { CardHandlers } from './card-handlers';
import { ChargeHandlers } from './charge-handlers';
import { OfficeHandlers } from './office-handlers';
import { PayoutHandlers } from './payout-handlers';

type Handlers = RpcHandlers<typeof PaymentService>;
type Arguments<K extends keyof Handlers> = Parameters<Handlers[K]>;

/** What payment answers, as a list: the handlers stand in four files by what they are about. */
@Controller()
@RpcService(PaymentService)
export class PaymentController implements Handlers {
  constructor(
    private readonly charges: ChargeHandlers,
    private readonly cards: CardHandlers,
    private readonly payouts: PayoutHandlers,
    private readonly office: OfficeHandlers,
  ) {}

  createEstimate(request: Arguments<'createEstimate'>[0], call: Arguments<'createEstimate'>[1]): ReturnType<Handlers['createEstimate']> {
    return this.charges.createEstimate(request, call);
  }

  processPayment(request: Arguments<'processPayment'>[0], call: Arguments<'processPayment'>[1]): ReturnType<Handlers['processPayment']> {
    return this.charges.processPayment(request, call);
  }

  recoverPayment(request: Arguments<'recoverPayment'>[0], call: Arguments<'recoverPayment'>[1]): ReturnType<Handlers['recoverPayment']> {
    return this.charges.recoverPayment(request, call);
  }

  cancelPayment(request: Arguments<'cancelPayment'>[0], call: Arguments<'cancelPayment'>[1]): ReturnType<Handlers['cancelPayment']> {
    return this.charges.cancelPayment(request, call);
  }

  getPayment(request: Arguments<'getPayment'>[0], call: Arguments<'getPayment'>[1]): ReturnType<Handlers['getPayment']> {
    return this.charges.getPayment(request, call);
  }

  refundPayment(request: Arguments<'refundPayment'>[0], call: Arguments<'refundPayment'>[1]): ReturnType<Handlers['refundPayment']> {
    return this.charges.refundPayment(request, call);
  }

  createSetupIntent(request: Arguments<'createSetupIntent'>[0], call: Arguments<'createSetupIntent'>[1]): ReturnType<Handlers['createSetupIntent']> {
    return this.cards.createSetupIntent(request, call);
  }

  getPaymentMethods(request: Arguments<'getPaymentMethods'>[0], call: Arguments<'getPaymentMethods'>[1]): ReturnType<Handlers['getPaymentMethods']> {
    return this.cards.getPaymentMethods(request, call);
  }

  removePaymentMethod(request: Arguments<'removePaymentMethod'>[0], call: Arguments<'removePaymentMethod'>[1]): ReturnType<Handlers['removePaymentMethod']> {
    return this.cards.removePaymentMethod(request, call);
  }

  setDefaultPaymentMethod(request: Arguments<'setDefaultPaymentMethod'>[0], call: Arguments<'setDefaultPaymentMethod'>[1]): ReturnType<Handlers['setDefaultPaymentMethod']> {
    return this.cards.setDefaultPaymentMethod(request, call);
  }

  getTradingFacts(request: Arguments<'getTradingFacts'>[0], call: Arguments<'getTradingFacts'>[1]): ReturnType<Handlers['getTradingFacts']> {
    return this.cards.getTradingFacts(request, call);
  }

  createPayout(request: Arguments<'createPayout'>[0], call: Arguments<'createPayout'>[1]): ReturnType<Handlers['createPayout']> {
    return this.payouts.createPayout(request, call);
  }

  getPayoutAccount(request: Arguments<'getPayoutAccount'>[0], call: Arguments<'getPayoutAccount'>[1]): ReturnType<Handlers['getPayoutAccount']> {
    return this.payouts.getPayoutAccount(request, call);
  }

  createPayoutAccount(request: Arguments<'createPayoutAccount'>[0], call: Arguments<'createPayoutAccount'>[1]): ReturnType<Handlers['createPayoutAccount']> {
    return this.payouts.createPayoutAccount(request, call);
  }

  getPayouts(request: Arguments<'getPayouts'>[0], call: Arguments<'getPayouts'>[1]): ReturnType<Handlers['getPayouts']> {
    return this.payouts.getPayouts(request, call);
  }

  handleWebhook(request: Arguments<'handleWebhook'>[0], call: Arguments<'handleWebhook'>[1]): ReturnType<Handlers['handleWebhook']> {
    return this.office.handleWebhook(request, call);
  }

  getManualTasks(request: Arguments<'getManualTasks'>[0], call: Arguments<'getManualTasks'>[1]): ReturnType<Handlers['getManualTasks']> {
    return this.office.getManualTasks(request, call);
  }

  resumeManualTask(request: Arguments<'resumeManualTask'>[0], call: Arguments<'resumeManualTask'>[1]): ReturnType<Handlers['resumeManualTask']> {
    return this.office.resumeManualTask(request, call);
  }

  getTrialBalance(request: Arguments<'getTrialBalance'>[0], call: Arguments<'getTrialBalance'>[1]): ReturnType<Handlers['getTrialBalance']> {
    return this.office.getTrialBalance(request, call);
  }

  getReconciliations(request: Arguments<'getReconciliations'>[0], call: Arguments<'getReconciliations'>[1]): ReturnType<Handlers['getReconciliations']> {
    return this.office.getReconciliations(request, call);
  }

  startReconciliation(request: Arguments<'startReconciliation'>[0], call: Arguments<'startReconciliation'>[1]): ReturnType<Handlers['startReconciliation']> {
    return this.office.startReconciliation(request, call);
  }
}
