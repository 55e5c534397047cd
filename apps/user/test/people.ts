import { join } from 'node:path';
import { NotificationService, type SendAccountMessageRequest } from '@libs/contracts/gen/exchange/notification/v1/notification_pb';
import { type Tokens, type User, UserService } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { AppError } from '@libs/kernel/app-error';
import { WallClock } from '@libs/kernel/clock';
import { Transactions } from '@libs/postgres/transaction';
import type { CallUser, Role } from '@libs/rpc/call-context';
import { startTestService, type TestService } from '@libs/testing/start-test-service';
import { temporaryFolder } from '@libs/testing/temporary-folder';
import { PostgresFirstAdmins } from '../src/adapters/postgres/postgres-first-admins';
import { GrantFirstAdmin } from '../src/application/grant-first-admin';
import { AdminActions, Sessions } from '../src/application/ports';
import { UserModule } from '../src/user.module';

export const START_MS_MAX = 60_000;
export const PASSWORD = 'correct horse battery';
export const FIREFOX = { ip: '203.0.113.7', userAgent: 'Firefox' };

export function startUserService(env: Readonly<Record<string, string>> = {}, postbox = new Postbox()): Promise<TestService> {
  const USER_SECRETS_FILE = join(temporaryFolder('user'), 'secrets', 'user.json');
  return startTestService(UserModule, { env: { BCRYPT_COST: '4', USER_SECRETS_FILE, ...env }, fakes: [[NotificationService, { sendAccountMessage: (message) => postbox.take(message) }]] });
}

/** Notification, as far as the user service knows it: it keeps what it was told to send, once for each key. */
export class Postbox {
  readonly taken: SendAccountMessageRequest[] = [];
  /** Every try, also those that it did not answer. */
  readonly tries: SendAccountMessageRequest[] = [];
  /** What happens to the next messages, one for each: `lost` is taken, but the answer is not heard. */
  readonly troubles: ('lost' | 'down' | 'refused')[] = [];

  async take(message: SendAccountMessageRequest): Promise<Record<string, never>> {
    this.tries.push(message);
    const trouble = this.troubles.shift();
    if (trouble === 'down') throw new AppError('unavailable', 'notification.down', 'Nobody is here.');
    if (trouble === 'refused') throw new AppError('rejected', 'notification.kind_unknown', 'There is no such message.');
    if (this.taken.every(({ idempotencyKey }) => idempotencyKey !== message.idempotencyKey)) this.taken.push(message);
    if (trouble === 'lost') throw new AppError('unavailable', 'notification.lost', 'The answer was lost.');
    return {};
  }

  to(email: string): string[] {
    return this.taken.filter((message) => message.to === email).map(({ kind }) => kind);
  }

  /** The token of the last mail of this kind to an address. */
  token(email: string, kind: string): string {
    return found(this.taken.findLast((message) => message.to === email && message.kind === kind)).token;
  }
}

let people = 0;
export const newEmail = (name = 'ann') => `${name}.${++people}@example.com`;

/** Somebody with an account and a session. */
export class Person {
  private constructor(
    readonly user: User,
    readonly tokens: Tokens,
    private readonly service: TestService,
  ) {}

  static async registers(service: TestService, email = newEmail()): Promise<Person> {
    const { user, tokens } = await service.client(UserService).register({ email, password: PASSWORD, firstName: 'Ann', lastName: 'Miller', client: FIREFOX });
    return new Person(found(user), found(tokens), service);
  }

  async logsInAgain(): Promise<Person> {
    const { user, tokens } = await this.service.client(UserService).login({ email: this.user.email, password: PASSWORD, client: FIREFOX });
    return new Person(found(user), found(tokens), this.service);
  }

  get caller(): CallUser {
    return { id: this.user.id, sessionId: this.tokens.sessionId, roles: this.user.roles as Role[] };
  }

  /** The service, as this person reaches it through the gateway. */
  get asks() {
    return this.service.client(UserService, this.caller);
  }

  async isLoggedIn(): Promise<boolean> {
    return (await this.service.client(UserService).checkSession({ sessionId: this.tokens.sessionId })).live;
  }
}

/** What the operator's command does. */
export function grantFirstAdmin({ app, sql }: TestService, email: string): Promise<void> {
  return new GrantFirstAdmin(app.get(Transactions), new PostgresFirstAdmins(sql), app.get(Sessions), app.get(AdminActions), app.get(WallClock)).execute(email);
}

/** The first administrator of a service, by the operator's word. */
export async function administrator(service: TestService): Promise<Person> {
  const person = await Person.registers(service, newEmail('admin'));
  await grantFirstAdmin(service, person.user.email);
  return person.logsInAgain();
}

export function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the answer lacks a part');
  return value;
}
