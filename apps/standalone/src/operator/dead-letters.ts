import { Database } from '@libs/postgres/database';
import { PostgresTransactions } from '@libs/postgres/postgres-transactions';
import { type ParkedEvent, ParkedEvents, parkedId, type ParkedPlace, parkedPlace } from '@libs/events/parked-events';
import { withDatabases } from '../launch/with-databases';

const SHOWN_MAX = 100;
const BY = 'command line';

/** Dead letters of all services, straight from their databases: it works when the public door does not. */
export async function listDeadLetters(data: string): Promise<ParkedEvent[]> {
  return withDatabases(data, async (urls) => {
    const names = Object.keys(urls).filter((name) => name !== 'bus');
    const found = await Promise.all(names.map((name) => withParked(urls[name] ?? '', (parked) => parked.list(SHOWN_MAX))));
    return found.flat().sort((a, b) => b.firstAt.getTime() - a.firstAt.getTime());
  });
}

export function showDeadLetter(data: string, id: string): Promise<ParkedEvent> {
  return at(data, id, async (parked, place) => {
    const found = await parked.find(place);
    if (!found) throw noSuch(id);
    return found;
  });
}

export function retryDeadLetter(data: string, id: string, reason: string): Promise<void> {
  return at(data, id, async (parked, place) => {
    if (!(await parked.resume(place, { by: BY, reason }))) throw noSuch(id);
  });
}

export function discardDeadLetter(data: string, id: string, reason: string): Promise<void> {
  return at(data, id, async (parked, place) => {
    if (!(await parked.skip(place, { by: BY, reason }))) throw noSuch(id);
  });
}

export function lineOf(event: ParkedEvent): string {
  const { error, attempts, firstAt, waitingBehind } = event;
  return `${parkedId(event)}\n  since ${firstAt.toISOString()}, tried ${attempts} times, ${waitingBehind} wait behind it\n  ${error}\n`;
}

const noSuch = (id: string) => new Error(`There is no dead letter ${id} that this can be done to. An unreadable one can only be discarded.`);

function at<T>(data: string, id: string, work: (parked: ParkedEvents, place: ParkedPlace) => Promise<T>): Promise<T> {
  const place = parkedPlace(id);
  if (!place) throw new Error(`${id} is not the id of a dead letter: dlq list shows them.`);
  return withDatabases(data, (urls) => {
    const url = urls[place.consumer];
    if (!url) throw new Error(`There is no service ${place.consumer}.`);
    return withParked(url, (parked) => work(parked, place));
  });
}

async function withParked<T>(url: string, work: (parked: ParkedEvents) => Promise<T>): Promise<T> {
  const database = await Database.open({ url, poolSize: 1, name: 'dlq' });
  try {
    return await work(new ParkedEvents(database.sql, new PostgresTransactions(database)));
  } finally {
    await database.close();
  }
}
