import { timestampDate, timestampFromDate } from '@bufbuild/protobuf/wkt';
import { Controller } from '@nestjs/common';
import {
  type GetNotificationCountsRequest, type GetNotificationsRequest, type GetParkedMessagesRequest, type GetPreferencesRequest, type MarkAllNotificationsRequest,
  type MarkNotificationRequest, NotificationService, type ResumeParkedMessagesRequest, type SendAccountMessageRequest, type UnsubscribeRequest, type UpdatePreferencesRequest,
} from '@libs/contracts/gen/exchange/notification/v1/notification_pb';
import { type CallContext, requireRole, requireService, userOf } from '@libs/rpc/call-context';
import type { RpcHandlers } from '@libs/rpc/rpc';
import { RpcService } from '@libs/rpc/rpc-service';
import { KeepPreferences } from '../../application/keep-preferences';
import type { InboxItem } from '../../application/ports';
import { ReadInbox } from '../../application/read-inbox';
import { SendAccountMessage } from '../../application/send-account-message';
import { TendParked } from '../../application/tend-parked';
import { matrixOf, type Preferences } from '../../domain/preferences';

@Controller()
@RpcService(NotificationService)
export class NotificationController implements RpcHandlers<typeof NotificationService> {
  constructor(
    private readonly account: SendAccountMessage,
    private readonly inbox: ReadInbox,
    private readonly preferences: KeepPreferences,
    private readonly parked: TendParked,
  ) {}

  async sendAccountMessage({ kind, userId, to, token, idempotencyKey: key, expiresAt }: SendAccountMessageRequest, call: CallContext) {
    requireService(call, 'user');
    await this.account.execute({ kind, userId, to, token, key, ...(expiresAt && { expiresAt: timestampDate(expiresAt) }) });
    return {};
  }

  async getNotifications({ status, limit, cursor }: GetNotificationsRequest, call: CallContext) {
    const { items, nextCursor } = await this.inbox.page(userOf(call).id, { status, limit, cursor });
    return { notifications: items.map(itemMessage), nextCursor };
  }

  async getNotificationCounts(_: GetNotificationCountsRequest, call: CallContext) {
    return this.inbox.counts(userOf(call).id);
  }

  async markNotification({ notificationId, status }: MarkNotificationRequest, call: CallContext) {
    return { notification: itemMessage(await this.inbox.mark(userOf(call).id, notificationId, status)) };
  }

  async markAllNotifications({ status }: MarkAllNotificationsRequest, call: CallContext) {
    return { marked: await this.inbox.markAll(userOf(call).id, status) };
  }

  async getPreferences(_: GetPreferencesRequest, call: CallContext) {
    return { preferences: preferencesMessage(await this.preferences.of(userOf(call).id)) };
  }

  async updatePreferences({ preferences }: UpdatePreferencesRequest, call: CallContext) {
    const { choices = [], timeZone = '', quietHours } = preferences ?? {};
    const updated = await this.preferences.update(userOf(call).id, { choices, timeZone, ...(quietHours && { quiet: quietHours }) });
    return { preferences: preferencesMessage(updated) };
  }

  async unsubscribe({ token }: UnsubscribeRequest) {
    return { event: await this.preferences.unsubscribe(token) };
  }

  async getParkedMessages({ limit }: GetParkedMessagesRequest, call: CallContext) {
    requireRole(call, 'admin');
    const messages = await this.parked.list(limit);
    return { messages: messages.map(({ createdAt, ...rest }) => ({ ...rest, createdAt: timestampFromDate(createdAt) })) };
  }

  async resumeParkedMessages({ messageId }: ResumeParkedMessagesRequest, call: CallContext) {
    requireRole(call, 'admin');
    if (messageId === '') return { resumed: await this.parked.resumeAll() };
    await this.parked.resume(messageId);
    return { resumed: 1 };
  }
}

function itemMessage({ createdAt, ...rest }: InboxItem) {
  return { ...rest, createdAt: timestampFromDate(createdAt) };
}

function preferencesMessage(preferences: Preferences) {
  const { timeZone, quiet } = preferences;
  const choices = matrixOf(preferences).map(({ event, channel, isOn: enabled, isFixed: fixed }) => ({ event, channel, enabled, fixed }));
  return { choices, timeZone, ...(quiet && { quietHours: { from: quiet.from, until: quiet.until } }) };
}
