import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { defineService } from '@libs/chassis/service';
import { PaymentService } from '@libs/contracts/gen/exchange/payment/v1/payment_pb';
import { CardHandlers } from './adapters/grpc/card-handlers';
import { ChargeEnds, ChargeHandlers } from './adapters/grpc/charge-handlers';
import { OfficeHandlers } from './adapters/grpc/office-handlers';
import { PaymentController } from './adapters/grpc/payment.controller';
import { PayoutHandlers } from './adapters/grpc/payout-handlers';
import { AnswerLoop } from './adapters/loops/answer-loop';
import { LedgerGauges } from './adapters/loops/ledger-gauges';
import { MoneyLoopParts, MoneyLoops } from './adapters/loops/money-loops';
import { MoneyWork } from './adapters/loops/money-work';
import { PrometheusTelemetry } from './adapters/loops/prometheus-telemetry';
import { ProviderLoops } from './adapters/loops/provider-loops';
import { WakeLoops } from './adapters/loops/wake-loops';
import { PostgresAccounts } from './adapters/postgres/postgres-accounts';
import { PostgresEndpointSecrets, PostgresFeeSchedules, PostgresReconcileCursor, PostgresRefunds } from './adapters/postgres/postgres-books';
import { PostgresCards } from './adapters/postgres/postgres-cards';
import { PostgresInbox } from './adapters/postgres/postgres-inbox';
import { PostgresKeptAnswers } from './adapters/postgres/postgres-kept-answers';
import { PostgresLedger } from './adapters/postgres/postgres-ledger';
import { PostgresOperations } from './adapters/postgres/postgres-operations';
import { PostgresPayments } from './adapters/postgres/postgres-payments';
import { PostgresPayouts } from './adapters/postgres/postgres-payouts';
import { PostgresReconciliations } from './adapters/postgres/postgres-reconciliations';
import { PostgresTasks } from './adapters/postgres/postgres-tasks';
import { StripeAccounts } from './adapters/stripe/stripe-accounts';
import { StripeBalance } from './adapters/stripe/stripe-balance';
import { StripeCards } from './adapters/stripe/stripe-cards';
import { StripeCharges } from './adapters/stripe/stripe-charges';
import { StripeClient } from './adapters/stripe/stripe-client';
import { StripePayouts } from './adapters/stripe/stripe-payouts';
import { StripeRefunds } from './adapters/stripe/stripe-refunds';
import { StripeWebhooks } from './adapters/stripe/stripe-webhooks';
import { ApplyWebhooks } from './application/apply-webhooks';
import { Bills } from './application/bills';
import { CancelPayment } from './application/cancel-payment';
import { CarryPayouts } from './application/carry-payouts';
import { ChargeSteps } from './application/charge-steps';
import { CreateEstimate } from './application/create-estimate';
import { CreatePayout } from './application/create-payout';
import { CreatePayoutAccount } from './application/create-payout-account';
import { CreateSetupIntent } from './application/create-setup-intent';
import { EnsureCustomer } from './application/ensure-customer';
import { FireTimers } from './application/fire-timers';
import { KeyedCommands } from './application/keyed-commands';
import { MoneyBooks } from './application/money-books';
import { PayoutSteps } from './application/payout-steps';
import {
  Cards, EndpointSecrets, FeeSchedules, KeptAnswers, Ledger, ManualTasks, Operations, Payments, PayoutAccounts, Payouts, ProviderInbox, ReconcileCursor, Reconciliations, Refunds, Telemetry, Wake,
} from './application/ports';
import { ProcessPayment } from './application/process-payment';
import { AccountProvider, BalanceProvider, CardProvider, ChargeProvider, PayoutProvider, RefundProvider, WebhookProvider } from './application/provider';
import { ReadCards } from './application/read-cards';
import { ReadOffice } from './application/read-office';
import { ReadPayment } from './application/read-payment';
import { ReadPayouts } from './application/read-payouts';
import { ReadProviderObject } from './application/read-provider-object';
import { ReceiveWebhook } from './application/receive-webhook';
import { Reconcile } from './application/reconcile';
import { RunReconciliations } from './application/run-reconciliations';
import { RecoverPayment } from './application/recover-payment';
import { RefundPayment } from './application/refund-payment';
import { RemoveCard } from './application/remove-card';
import { ResumeTask } from './application/resume-task';
import { RunCharge } from './application/run-charge';
import { OperationRunners, RunOperations, UnknownTasks } from './application/run-operations';
import { PayoutGate, RunPayout } from './application/run-payout';
import { RunRefund } from './application/run-refund';
import { SetDefaultCard } from './application/set-default-card';
import { Setbacks } from './application/setbacks';
import { SettleCharge } from './application/settle-charge';
import { SettlePayout } from './application/settle-payout';
import { SettleRefund } from './application/settle-refund';
import { StoreAccount } from './application/store-account';
import { SyncAccount } from './application/sync-account';
import { SyncCards } from './application/sync-cards';
import { WatchCharges } from './application/watch-charges';
import { WatchPayouts } from './application/watch-payouts';
import { WatchRefunds } from './application/watch-refunds';
import { PaymentConfig } from './payment.config';

const charging = [ProcessPayment, RecoverPayment, CancelPayment, ReadPayment, RunCharge, SettleCharge, ChargeSteps, WatchCharges, FireTimers, Bills, CreateEstimate];
const refunding = [RefundPayment, RunRefund, SettleRefund, WatchRefunds];
const payingOut = [CreatePayout, RunPayout, PayoutGate, SettlePayout, PayoutSteps, WatchPayouts, CarryPayouts, ReadPayouts];
const holdings = [CreateSetupIntent, EnsureCustomer, ReadCards, RemoveCard, SetDefaultCard, SyncCards, CreatePayoutAccount, StoreAccount, SyncAccount];
const office = [KeyedCommands, Setbacks, MoneyBooks, Reconcile, RunReconciliations, ReadOffice, ResumeTask, RunOperations, OperationRunners, UnknownTasks, ReceiveWebhook, ApplyWebhooks, ReadProviderObject];
const serving = [ChargeHandlers, ChargeEnds, CardHandlers, PayoutHandlers, OfficeHandlers, MoneyLoops, MoneyLoopParts, MoneyWork, ProviderLoops, AnswerLoop, LedgerGauges, WakeLoops, StripeClient];

@Module({
  controllers: [PaymentController],
  providers: [
    ...charging, ...refunding, ...payingOut, ...holdings, ...office, ...serving,
    { provide: Payments, useClass: PostgresPayments },
    { provide: Operations, useClass: PostgresOperations },
    { provide: KeptAnswers, useClass: PostgresKeptAnswers },
    { provide: Ledger, useClass: PostgresLedger },
    { provide: FeeSchedules, useClass: PostgresFeeSchedules },
    { provide: Refunds, useClass: PostgresRefunds },
    { provide: Payouts, useClass: PostgresPayouts },
    { provide: Cards, useClass: PostgresCards },
    { provide: PayoutAccounts, useClass: PostgresAccounts },
    { provide: ProviderInbox, useClass: PostgresInbox },
    { provide: EndpointSecrets, useClass: PostgresEndpointSecrets },
    { provide: ManualTasks, useClass: PostgresTasks },
    { provide: ReconcileCursor, useClass: PostgresReconcileCursor },
    { provide: Reconciliations, useClass: PostgresReconciliations },
    { provide: Telemetry, useClass: PrometheusTelemetry },
    { provide: Wake, useExisting: WakeLoops },
    { provide: ChargeProvider, useClass: StripeCharges },
    { provide: RefundProvider, useClass: StripeRefunds },
    { provide: PayoutProvider, useClass: StripePayouts },
    { provide: CardProvider, useClass: StripeCards },
    { provide: AccountProvider, useClass: StripeAccounts },
    { provide: WebhookProvider, useClass: StripeWebhooks },
    { provide: BalanceProvider, useClass: StripeBalance },
  ],
})
export class PaymentModule {
  static readonly service = defineService({
    name: 'payment',
    config: PaymentConfig,
    serves: [PaymentService],
    migrations: join(__dirname, 'adapters/postgres/migrations'),
  });
}
