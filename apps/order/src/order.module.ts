import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { Log } from '@libs/chassis/log';
import { defineService } from '@libs/chassis/service';
import { Topology } from '@libs/chassis/topology';
import { OrderService } from '@libs/contracts/gen/exchange/order/v1/order_pb';
import { EmbeddedUserFeed } from '@libs/redis/embedded-user-feed';
import { RedisConnection } from '@libs/redis/redis-connection';
import { RedisUserFeed } from '@libs/redis/redis-user-feed';
import { UserFeed } from '@libs/redis/user-feed';
import { CarrierHttp } from './adapters/carrier/carrier-http';
import { HttpCarrier } from './adapters/carrier/http-carrier';
import { HttpCarrierWebhooks } from './adapters/carrier/http-carrier-webhooks';
import { OnInspection } from './adapters/events/on-inspection';
import { OnMatchCreated } from './adapters/events/on-match-created';
import { OnPayment } from './adapters/events/on-payment';
import { OrderController } from './adapters/grpc/order.controller';
import { CarrierLoop } from './adapters/loops/carrier-loop';
import { SagaGauges } from './adapters/loops/saga-gauges';
import { StepLoop, TimerLoop } from './adapters/loops/saga-loops';
import { PostgresCalendar } from './adapters/postgres/postgres-calendar';
import { PostgresCarrierEndpoints } from './adapters/postgres/postgres-carrier-endpoints';
import { PostgresCarrierInbox } from './adapters/postgres/postgres-carrier-inbox';
import { PostgresHistory } from './adapters/postgres/postgres-history';
import { PostgresManualTasks } from './adapters/postgres/postgres-manual-tasks';
import { PostgresOrders } from './adapters/postgres/postgres-orders';
import { PostgresShipments } from './adapters/postgres/postgres-shipments';
import { PostgresSteps } from './adapters/postgres/postgres-steps';
import { PostgresTimers } from './adapters/postgres/postgres-timers';
import { RpcNeighbours } from './adapters/rpc/rpc-neighbours';
import { Advance } from './application/advance';
import { ApplyScan } from './application/apply-scan';
import { CancelOrder } from './application/cancel-order';
import { ConcludeStep } from './application/conclude-step';
import { CreateOrder } from './application/create-order';
import { Deadlines } from './application/deadlines';
import { FireTimers } from './application/fire-timers';
import { FreeNumber } from './application/free-number';
import { FollowTask } from './application/follow-task';
import { ManualTaskDesk } from './application/manual-task-desk';
import { OpenOrder } from './application/open-order';
import { OrderDesk } from './application/order-desk';
import { OrderTelemetry } from './application/order-telemetry';
import { PassDeadline } from './application/pass-deadline';
import { PerformLabelStep } from './application/perform-label-step';
import { PerformPaymentStep } from './application/perform-payment-step';
import { PerformStep } from './application/perform-step';
import { PollParcels } from './application/poll-parcels';
import { Calendar, Carrier, CarrierEndpoints, CarrierInbox, CarrierWebhooks, History, ManualTasks, Neighbours, Orders, Shipments, Steps, Timers } from './application/ports';
import { ReadManualTasks } from './application/read-manual-tasks';
import { ReadOrders } from './application/read-orders';
import { RecordAnswer } from './application/record-answer';
import { RecordInspection } from './application/record-inspection';
import { RecordLabel } from './application/record-label';
import { RecordPayment } from './application/record-payment';
import { RecordScans } from './application/record-scans';
import { ReportEvent } from './application/report-event';
import { ResumeManualTask } from './application/resume-manual-task';
import { RunSteps } from './application/run-steps';
import { StepTelemetry } from './application/step-telemetry';
import { TakeCarrierWebhook } from './application/take-carrier-webhook';
import { TellOperator } from './application/tell-operator';
import { TellUsers } from './application/tell-users';
import { WatchOrders } from './application/watch-orders';
import { OrderConfig } from './order.config';

const useCases = [
  OpenOrder, CreateOrder, Advance, OrderTelemetry, Deadlines, FireTimers, PassDeadline,
  RunSteps, StepTelemetry, PerformStep, PerformPaymentStep, PerformLabelStep, FreeNumber, ConcludeStep, RecordAnswer, RecordLabel, TellOperator,
  RecordPayment, RecordInspection, RecordScans, ApplyScan, PollParcels, TakeCarrierWebhook,
  ReportEvent, CancelOrder, ReadOrders, ReadManualTasks, ResumeManualTask, FollowTask, ManualTaskDesk, TellUsers, WatchOrders, OrderDesk,
];

@Module({
  controllers: [OrderController],
  providers: [
    ...useCases,
    OnMatchCreated, OnPayment, OnInspection,
    StepLoop, TimerLoop, CarrierLoop, SagaGauges,
    CarrierHttp,
    { provide: Orders, useClass: PostgresOrders },
    { provide: History, useClass: PostgresHistory },
    { provide: Steps, useClass: PostgresSteps },
    { provide: Timers, useClass: PostgresTimers },
    { provide: Calendar, useClass: PostgresCalendar },
    { provide: Shipments, useClass: PostgresShipments },
    { provide: ManualTasks, useClass: PostgresManualTasks },
    { provide: CarrierInbox, useClass: PostgresCarrierInbox },
    { provide: CarrierEndpoints, useClass: PostgresCarrierEndpoints },
    { provide: Carrier, useClass: HttpCarrier },
    { provide: CarrierWebhooks, useClass: HttpCarrierWebhooks },
    {
      provide: UserFeed, inject: [RedisConnection, Topology, Log],
      useFactory: (redis: RedisConnection, { isOneProcess }: Topology, log: Log) => (redis.client && !isOneProcess ? new RedisUserFeed('order', redis, log) : new EmbeddedUserFeed()),
    },
    { provide: Neighbours, useClass: RpcNeighbours },
  ],
})
export class OrderModule {
  static readonly service = defineService({
    name: 'order',
    config: OrderConfig,
    serves: [OrderService],
    migrations: join(__dirname, 'adapters/postgres/migrations'),
  });
}
