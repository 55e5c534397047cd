import { InvariantViolation } from '@libs/kernel/invariant';
import type { WallClock } from '@libs/kernel/clock';
import { silentLog } from '@libs/chassis/log';
import { Rpc, type RpcClient } from '@libs/rpc/rpc';
import type { Route } from '../door/route';
import { routesOver } from '../rest/routes';

/** A table is read, not served. */
class NoRpc extends Rpc {
  client<S extends Parameters<Rpc['client']>[0]>(): RpcClient<S> {
    // Nothing is called on it: handlers are not run.
    return {} as RpcClient<S>;
  }
}

const unserved = (): never => {
  throw new InvariantViolation('this table of routes is for reading');
};

/** All routes, those of the sandbox among them, with nothing behind them. */
export function routeTable(): Route[] {
  const internals = { states: async () => unserved() };
  const wall: WallClock = { now: unserved };
  return routesOver({ rpc: new NoRpc(), sendTrade: unserved, countLogin: unserved, countMail: unserved, hashing: unserved, publicKeys: unserved, issueTicket: unserved, internals, testClock: { sandboxUrl: '', internals, wall, log: silentLog() } });
}
