import { type Notification, NotificationService, type ParkedMessage, type Preferences } from '@libs/contracts/gen/exchange/notification/v1/notification_pb';
import type { Rpc } from '@libs/rpc/rpc';
import { z } from 'zod';
import { type Route, route } from '../door/route';
import { idOf, InstantJson, knownInstant, line, orAbsent, page, pageOf, pageQuery, present, queryInt } from './json';

const STATUSES = ['unseen', 'seen', 'read', 'archived'] as const;
const NotificationJson = z.object({ id: z.string(), event: z.string(), title: z.string(), text: z.string(), link: z.string().optional(), status: z.enum(STATUSES), createdAt: InstantJson });
const CountsJson = z.object({ unseen: z.int(), seen: z.int(), read: z.int(), archived: z.int() });
const Mark = z.strictObject({ status: z.enum(['seen', 'read', 'archived']) });

const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'This is not a time of day, as HH:MM.');
const ChoiceJson = z.object({ event: z.string(), channel: z.string(), enabled: z.boolean(), fixed: z.boolean() });
const QuietJson = z.object({ from: z.string(), until: z.string() });
const PreferencesJson = z.object({ choices: z.array(ChoiceJson), timeZone: z.string(), quietHours: QuietJson.optional() });
const NewPreferences = z.strictObject({
  choices: z.array(z.strictObject({ event: z.string().max(40), channel: z.enum(['email', 'sms', 'inbox']), enabled: z.boolean() })).max(100).optional(),
  timeZone: line(60).optional(),
  quietHours: z.strictObject({ from: time, until: time }).optional(),
});
const ParkedJson = z.object({ id: z.string(), kind: z.string(), channel: z.string(), userId: z.string(), reason: z.string(), attempts: z.int(), createdAt: InstantJson });

const mine = { tag: 'Notifications', access: { roles: 'signed_in' }, status: 200 } as const;
const admin = { tag: 'Notifications', access: { roles: ['admin'] }, status: 200 } as const;

export function notificationRoutes(rpc: Rpc): Route[] {
  return [...inboxRoutes(rpc), ...preferenceRoutes(rpc), ...parkedRoutes(rpc)];
}

function inboxRoutes(rpc: Rpc): Route[] {
  const notifications = rpc.client(NotificationService);
  return [
    route({
      ...mine, method: 'GET', path: '/v1/notifications', summary: 'What one has been told, the newest first; without a status all but the archived ones.', refusals: ['notification.cursor_invalid'],
      query: z.strictObject({ ...pageQuery, status: z.enum(STATUSES).optional() }), answer: pageOf(NotificationJson),
      async handle({ query, call }) {
        const answer = await notifications.getNotifications(query, call);
        return page(answer.notifications.map(notificationJson), answer.nextCursor);
      },
    }),
    route({
      ...mine, method: 'GET', path: '/v1/notifications/counts', summary: 'How many there are of each status.', answer: CountsJson,
      async handle({ call }) {
        const { unseen, seen, read, archived } = await notifications.getNotificationCounts({}, call);
        return { unseen, seen, read, archived };
      },
    }),
    route({
      ...mine, method: 'PATCH', path: '/v1/notifications/{notificationId}', summary: 'One is seen, read or put away.', refusals: ['notification.not_found'],
      params: z.strictObject({ notificationId: idOf('ntf') }), body: Mark, answer: NotificationJson,
      async handle({ params, body, call }) {
        const { notification } = await notifications.markNotification({ ...params, ...body }, call);
        return notificationJson(present(notification));
      },
    }),
    route({
      ...mine, method: 'POST', path: '/v1/notifications/mark-all', summary: 'All are seen, read or put away. What is further on stays where it is.', body: Mark, answer: z.object({ marked: z.int() }),
      async handle({ body, call }) {
        const { marked } = await notifications.markAllNotifications(body, call);
        return { marked };
      },
    }),
  ];
}

function preferenceRoutes(rpc: Rpc): Route[] {
  const notifications = rpc.client(NotificationService);
  return [
    route({
      ...mine, method: 'GET', path: '/v1/notification-preferences', summary: 'What one is told by which way, and when not.', answer: PreferencesJson,
      async handle({ call }) {
        const { preferences } = await notifications.getPreferences({}, call);
        return preferencesJson(present(preferences));
      },
    }),
    route({
      ...mine, method: 'PUT', path: '/v1/notification-preferences', summary: 'Change choices, time zone and quiet hours. Choices that are not named stay; without quiet hours there are none.',
      refusals: ['notification.event_unknown', 'notification.preference_fixed', 'notification.time_zone_unknown', 'notification.quiet_hours_empty'], body: NewPreferences, answer: PreferencesJson,
      async handle({ body, call }) {
        const { preferences } = await notifications.updatePreferences({ preferences: body }, call);
        return preferencesJson(present(preferences));
      },
    }),
  ];
}

function parkedRoutes(rpc: Rpc): Route[] {
  const notifications = rpc.client(NotificationService);
  return [
    route({
      ...admin, method: 'GET', path: '/v1/admin/parked-messages', summary: 'Messages that were given up after many tries.', query: z.strictObject({ limit: queryInt(1, 100).default(20) }), answer: z.object({ data: z.array(ParkedJson) }),
      async handle({ query, call }) {
        const { messages } = await notifications.getParkedMessages(query, call);
        return { data: messages.map(parkedJson) };
      },
    }),
    route({
      ...admin, method: 'POST', path: '/v1/admin/parked-messages/resume', summary: 'Try one of them anew, or all.', refusals: ['notification.parked_not_found'], body: z.strictObject({ messageId: idOf('ntf').optional() }), answer: z.object({ resumed: z.int() }),
      async handle({ body, call }) {
        const { resumed } = await notifications.resumeParkedMessages(body, call);
        return { resumed };
      },
    }),
  ];
}

function notificationJson({ id, event, title, text, link, status, createdAt }: Notification): z.input<typeof NotificationJson> {
  // One of the contract's four.
  return { id, event, title, text, link: orAbsent(link), status: status as (typeof STATUSES)[number], createdAt: knownInstant(createdAt) };
}

function preferencesJson({ choices, timeZone, quietHours }: Preferences): z.input<typeof PreferencesJson> {
  return { choices: choices.map(({ event, channel, enabled, fixed }) => ({ event, channel, enabled, fixed })), timeZone, ...(quietHours && { quietHours: { from: quietHours.from, until: quietHours.until } }) };
}

function parkedJson({ id, kind, channel, userId, reason, attempts, createdAt }: ParkedMessage): z.input<typeof ParkedJson> {
  return { id, kind, channel, userId, reason, attempts, createdAt: knownInstant(createdAt) };
}
