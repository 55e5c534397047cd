import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { defineService } from '@libs/chassis/service';
import { NotificationService } from '@libs/contracts/gen/exchange/notification/v1/notification_pb';
import { RpcContacts } from './adapters/clients/rpc-contacts';
import { OnMarket } from './adapters/events/on-market';
import { OnMatch } from './adapters/events/on-match';
import { OnMoney } from './adapters/events/on-money';
import { OnOrder } from './adapters/events/on-order';
import { OnPrice } from './adapters/events/on-price';
import { OnProduct } from './adapters/events/on-product';
import { OnUser } from './adapters/events/on-user';
import { NotificationController } from './adapters/grpc/notification.controller';
import { LoopParts, MessageLoops } from './adapters/loops/message-loops';
import { PrometheusTelemetry } from './adapters/loops/prometheus-telemetry';
import { PostgresInbox } from './adapters/postgres/postgres-inbox';
import { PostgresKnown } from './adapters/postgres/postgres-known';
import { PostgresMessages } from './adapters/postgres/postgres-messages';
import { PostgresParkedMessages } from './adapters/postgres/postgres-parked-messages';
import { PostgresPreferences } from './adapters/postgres/postgres-preferences';
import { PostgresQuotes } from './adapters/postgres/postgres-quotes';
import { FileSealing } from './adapters/secrets/file-sealing';
import { SendgridMail } from './adapters/sendgrid/sendgrid-mail';
import { ConfigSettings } from './adapters/settings/config-settings';
import { TwilioTexts } from './adapters/twilio/twilio-texts';
import { Compose } from './application/compose';
import { DeliverMessage, DeliverMessages } from './application/deliver-messages';
import { KeepPreferences } from './application/keep-preferences';
import { PlanMessage } from './application/plan-message';
import { Contacts, Inbox, Known, MailProvider, Messages, ParkedMessages, PreferenceBook, Quotes, Sealing, Settings, Telemetry, TextProvider } from './application/ports';
import { ReadInbox } from './application/read-inbox';
import { ResolveUnknown } from './application/resolve-unknown';
import { SendAccountMessage } from './application/send-account-message';
import { SendMessage } from './application/send-message';
import { TendParked } from './application/tend-parked';
import { WatchQuotes } from './application/watch-quotes';
import { NotificationConfig } from './notification.config';

const hearing = [OnUser, OnProduct, OnMarket, OnMatch, OnOrder, OnMoney, OnPrice];
const sending = [PlanMessage, Compose, SendMessage, ResolveUnknown, DeliverMessage, DeliverMessages, WatchQuotes, MessageLoops, LoopParts, PrometheusTelemetry];

@Module({
  controllers: [NotificationController],
  providers: [
    ...hearing, ...sending, SendAccountMessage, ReadInbox, KeepPreferences, TendParked,
    { provide: Messages, useClass: PostgresMessages },
    { provide: ParkedMessages, useClass: PostgresParkedMessages },
    { provide: Known, useClass: PostgresKnown },
    { provide: Quotes, useClass: PostgresQuotes },
    { provide: Inbox, useClass: PostgresInbox },
    { provide: PreferenceBook, useClass: PostgresPreferences },
    { provide: Contacts, useClass: RpcContacts },
    { provide: MailProvider, useClass: SendgridMail },
    { provide: TextProvider, useClass: TwilioTexts },
    { provide: Sealing, useClass: FileSealing },
    { provide: Settings, useClass: ConfigSettings },
    { provide: Telemetry, useExisting: PrometheusTelemetry },
  ],
})
export class NotificationModule {
  static readonly service = defineService({
    name: 'notification',
    config: NotificationConfig,
    serves: [NotificationService],
    migrations: join(__dirname, 'adapters/postgres/migrations'),
    // Messages are none of it: they are planned once, and what their words need is only added to.
    projection: {
      tables: ['quotes'],
      topics: ['markets', 'matches.created'],
      says: ['select id, market_id, side, user_id, price_minor, currency, priority, expires_at, market_seq from quotes where is_active'],
    },
  });
}
