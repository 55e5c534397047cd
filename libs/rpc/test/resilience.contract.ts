import { Controller } from '@nestjs/common';
import type { ServiceName } from '@libs/contracts/events';
import { type CheckSessionRequest, type LoginRequest, UserService } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { AppError } from '@libs/kernel/app-error';
import type { CallContext } from '../call-context';
import type { Rpc, RpcClient } from '../rpc';
import type { CircuitStateName } from '../internal/callee';
import { serveSome } from './serve-some';

/** How the one who is asked behaves. */
export class Behaviour {
  checked = 0;
  logins = 0;
  /** What was left of each call's time when it came, in ms. */
  readonly timeLeft: number[] = [];
  does: 'answer' | 'refuse' | 'stall' | 'pass on' = 'answer';
  onCall: () => void = () => undefined;
  rpc: Rpc | undefined;
  private readonly stalled: (() => void)[] = [];

  async behave(): Promise<void> {
    this.onCall();
    if (this.does === 'stall') await new Promise<void>((resolve) => this.stalled.push(resolve));
    if (this.does === 'refuse') throw new AppError('unavailable', 'user.busy', 'Too much to do.');
  }

  letGo(): void {
    this.does = 'answer';
    for (const go of this.stalled.splice(0)) go();
  }
}

/** `CheckSession` says in its contract that it only reads; `Login` says nothing, so nobody may send it twice. */
export function controllerOf(behaviour: Behaviour) {
  @Controller()
  class UserController {
    async checkSession({ sessionId }: CheckSessionRequest, { deadline }: CallContext) {
      behaviour.checked += 1;
      behaviour.timeLeft.push((deadline?.getTime() ?? Infinity) - Date.now());
      if (behaviour.does === 'pass on' && sessionId !== '') return behaviour.rpc?.client(UserService).checkSession({ sessionId: sessionId.slice(1) }, { deadlineMs: 60_000 }) ?? {};
      await behaviour.behave();
      return { live: true };
    }

    async login(_request: LoginRequest) {
      behaviour.logins += 1;
      await behaviour.behave();
      return {};
    }
  }
  serveSome(UserService, UserController);
  return UserController;
}

export interface Neighbourhood {
  readonly behaviour: Behaviour;
  readonly users: RpcClient<typeof UserService>;
  circuits(): ReadonlyMap<ServiceName, CircuitStateName>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

const CALLS_THAT_TELL = 10;

export const refusalOf = (call: Promise<unknown>): Promise<unknown> => call.then(() => undefined, (error: unknown) => error);

/** What a caller does about a callee that does not answer, on either transport. */
export function resilienceContract(name: string, open: () => Promise<Neighbourhood>): void {
  describe(`${name} spares a callee that does not answer`, () => {
    let near: Neighbourhood;
    const circuit = () => near.circuits().get('user');
    const login = (deadlineMs = 1_000) => refusalOf(near.users.login({ email: 'ann@example.com', password: 'x' }, { deadlineMs }));
    const many = (call: () => Promise<unknown>) => Promise.all(Array.from({ length: CALLS_THAT_TELL }, call));
    const backAgain = async () => {
      while ((await refusalOf(near.users.checkSession({ sessionId: 'x' }))) !== undefined) await new Promise((resolve) => setTimeout(resolve, 20));
    };

    beforeEach(async () => {
      near = await open();
      await near.start();
    });
    afterEach(async () => {
      near.behaviour.letGo();
      await near.stop();
    });

    it('fails at once when a service cannot be reached, and finds it again by itself', async () => {
      await near.stop();
      await many(login);
      expect(circuit()).toBe('open');
      // At once: before anything that takes time can have happened.
      const refusal = await Promise.race([login(), new Promise((turn) => setImmediate(turn, 'asked'))]);
      expect(refusal).toMatchObject({ kind: 'unavailable', code: 'rpc.circuit_open', details: { service: 'user', retryAfterS: '2' } });
      await near.start();
      await backAgain();
      expect(circuit()).toBe('closed');
    });

    it('lets one call try while the others fail at once, and waits again when it was in vain', async () => {
      near.behaviour.does = 'stall';
      await many(login);
      expect(circuit()).toBe('open');
      const before = near.behaviour.logins;
      const tried = new Promise<void>((resolve) => (near.behaviour.onCall = resolve));
      let trying: Promise<unknown> | undefined;
      while (near.behaviour.logins === before) {
        trying = login();
        await Promise.race([trying, tried]);
      }
      expect(circuit()).toBe('half_open');
      expect(await login()).toMatchObject({ code: 'rpc.circuit_open' });
      expect(await trying).toMatchObject({ code: 'rpc.deadline' });
      expect(circuit()).toBe('open');
      expect(near.behaviour.logins).toBe(before + 1);
    });

    it('never takes a refusal for silence, even one that says unavailable', async () => {
      near.behaviour.does = 'refuse';
      for (let round = 0; round < 3; round++) expect((await many(login)).at(-1)).toMatchObject({ kind: 'unavailable', code: 'user.busy' });
      expect(circuit()).toBe('closed');
      expect(near.behaviour.logins).toBe(3 * CALLS_THAT_TELL);
    });

    it('does not hold the silence of a third service against the one that tells of it', async () => {
      const third = await open();
      near.behaviour.does = 'pass on';
      near.behaviour.rpc = { client: () => third.users } as unknown as Rpc; // All that the behaviour asks of it.
      for (let call = 0; call < CALLS_THAT_TELL; call++) await refusalOf(near.users.checkSession({ sessionId: 'ab' }, { deadlineMs: 1_000 }));
      expect(circuit()).toBe('closed');
      expect(third.circuits().get('user')).not.toBe('closed');
    });

    it('gives each call of a chain less time than the one before it', async () => {
      near.behaviour.does = 'pass on';
      near.behaviour.rpc = { client: () => near.users } as unknown as Rpc; // The callee asks the same service again.
      await near.users.checkSession({ sessionId: 'abc' }, { deadlineMs: 30_000 });
      const [first = 0, second = 0, third = 0, last = 0] = near.behaviour.timeLeft;
      expect([first - second, second - third, third - last].every((ms) => ms >= 50)).toBe(true);
      expect(await refusalOf(near.users.checkSession({ sessionId: 'abc' }, { deadlineMs: 60 }))).toMatchObject({ code: 'rpc.deadline' });
    });
  });
}
