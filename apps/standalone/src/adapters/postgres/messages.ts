import { typeId } from '@libs/kernel/ids';
import { type Invariant, type Stores, unseenProvider } from '../../verify/invariant';

/** Told twice of one thing by one way. */
const PLANNED_TWICE = `select source, kind, user_id, channel from messages group by source, kind, user_id, channel having count(*) > 1`;
/** What the provider took as one cannot be two of ours. */
const SENT_AS_ONE = `select channel, provider_id from messages where state = 'sent' and provider_id is not null group by channel, provider_id having count(*) > 1`;
/** Those whose outcome nobody knew, and that matter, go out once more. What is past its time is not here to be asked. */
const RESENDS = 'select id, resends from messages';

async function doubled({ notification, provider }: Stores): Promise<string[]> {
  const planned = await notification.query<{ source: string; kind: string; user_id: string; channel: string }>(PLANNED_TWICE);
  const one = await notification.query<{ channel: string; provider_id: string }>(SENT_AS_ONE);
  const again = new Map<string, number>();
  await notification.each<{ id: string; resends: number }>(RESENDS, ({ id, resends }) => void again.set(typeId('ntf', id), resends));
  const taken = new Map<string, number>();
  for (const reference of (await provider?.messageReferences()) ?? []) taken.set(reference, (taken.get(reference) ?? 0) + 1);
  return [
    ...planned.map(({ source, kind, user_id: user, channel }) => `${user} is told ${kind} of ${source} twice by ${channel}`),
    ...one.map(({ channel, provider_id: id }) => `the provider's ${channel} ${id} is more than one of ours`),
    ...[...taken].filter(([reference, times]) => times > 1 + (again.get(reference) ?? times)).map(([reference, times]) => `${reference} went out ${times} times`),
  ];
}

export const messages: readonly Invariant[] = [
  { id: 'E5', says: 'nobody is told of one thing twice by one way, and no message went out twice on a known outcome', offenders: doubled, unseen: unseenProvider },
];
