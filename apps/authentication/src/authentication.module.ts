import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { defineService } from '@libs/chassis/service';
import { AuthenticationService } from '@libs/contracts/gen/exchange/authentication/v1/authentication_pb';
import { OnOrder } from './adapters/events/on-order';
import { AuthenticationController } from './adapters/grpc/authentication.controller';
import { FloorMetrics } from './adapters/loops/floor-metrics';
import { PostgresFloor } from './adapters/postgres/postgres-floor';
import { PostgresInspections } from './adapters/postgres/postgres-inspections';
import { PostgresParcels } from './adapters/postgres/postgres-parcels';
import { PostgresStrayParcels } from './adapters/postgres/postgres-stray-parcels';
import { CancelInspection } from './application/cancel-inspection';
import { ClaimInspection } from './application/claim-inspection';
import { JudgeInspection } from './application/judge-inspection';
import { OpenInspection } from './application/open-inspection';
import { Floor, Inspections, Parcels, StrayParcels } from './application/ports';
import { ReadInspections } from './application/read-inspections';
import { KeepStray } from './application/keep-stray';
import { ReceivePair } from './application/receive-pair';
import { RecordIntake } from './application/record-intake';
import { TendStrayParcels } from './application/tend-stray-parcels';
import { AuthenticationConfig } from './authentication.config';

@Module({
  controllers: [AuthenticationController],
  providers: [
    OpenInspection,
    CancelInspection,
    RecordIntake,
    ReceivePair,
    KeepStray,
    ClaimInspection,
    JudgeInspection,
    ReadInspections,
    TendStrayParcels,
    OnOrder,
    FloorMetrics,
    { provide: Floor, useClass: PostgresFloor },
    { provide: Inspections, useClass: PostgresInspections },
    { provide: Parcels, useClass: PostgresParcels },
    { provide: StrayParcels, useClass: PostgresStrayParcels },
  ],
})
export class AuthenticationModule {
  static readonly service = defineService({
    name: 'authentication',
    config: AuthenticationConfig,
    serves: [AuthenticationService],
    migrations: join(__dirname, 'adapters/postgres/migrations'),
  });
}
