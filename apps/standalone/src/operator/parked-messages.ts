import { serviceCommand } from '../launch/service-command';
import { type Urls, withDatabases } from '../launch/with-databases';

/** Messages to users that were given up, by the notification service's own command on its database: it works when the public door does not. */
export function listParkedMessages(data: string): Promise<string> {
  return withDatabases(data, (urls) => serviceCommand(COMMAND, [], databaseOf(urls)));
}

export async function resumeParkedMessage(data: string, id: string): Promise<void> {
  await withDatabases(data, (urls) => serviceCommand(COMMAND, [id], databaseOf(urls)));
}

const COMMAND = 'notification/src/parked-messages.js';
const databaseOf = ({ notification = '' }: Urls) => ({ NOTIFICATION_DATABASE_URL: notification });
