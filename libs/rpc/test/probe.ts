import { type CanActivate, Controller, type ExecutionContext, UseGuards } from '@nestjs/common';
import { BiddingService, type CountActiveAsksRequest, type TradeRequest } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { currentTraceparent } from '@libs/chassis/trace';
import { AppError } from '@libs/kernel/app-error';
import { finalize, map, type Observable, Observable as Stream } from 'rxjs';
import type { CallContext } from '../call-context';
import type { RpcHandlers } from '../rpc';
import { serveSome } from './serve-some';

/** What the probe has seen and how it is to behave; one for each transport under test. */
export class Probe {
  readonly requests: CountActiveAsksRequest[] = [];
  readonly calls: CallContext[] = [];
  readonly tracesSeen: (string | undefined)[] = [];
  readonly guarded: string[] = [];
  watchDoes: 'go on' | 'end' | 'refuse' = 'go on';
  watchersOpen = 0;
  tradesOpen = 0;
  guardsHeld = 0;
  private gate: Promise<void> | undefined;
  private openGate: () => void = () => undefined;
  private waiting: (() => void)[] = [];

  holdGuards(): void {
    this.gate = new Promise((resolve) => (this.openGate = resolve));
  }

  releaseGuards(): void {
    this.gate = undefined;
    this.guardsHeld = 0;
    this.openGate();
  }

  async passGuard(name: string): Promise<void> {
    this.guarded.push(name);
    if (!this.gate) return;
    this.guardsHeld += 1;
    await this.gate;
  }

  stall(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  release(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

class ProbeGuard implements CanActivate {
  constructor(private readonly probe: Probe) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    await this.probe.passGuard(context.getHandler().name);
    const request: Partial<CountActiveAsksRequest> = context.switchToRpc().getData();
    if (request.marketId === 'guarded') throw new AppError('forbidden', 'probe.guarded', 'Not for you.');
    return true;
  }
}

/** A controller that is made to answer, to refuse, to break, to stall and to stream. */
export function probeController(probe: Probe) {
  @Controller()
  @UseGuards(new ProbeGuard(probe))
  class ProbeController implements Pick<RpcHandlers<typeof BiddingService>, 'countActiveAsks' | 'trade' | 'watchMarkets'> {
    async countActiveAsks(request: CountActiveAsksRequest, call: CallContext) {
      probe.requests.push(request);
      probe.calls.push(call);
      await Promise.resolve();
      probe.tracesSeen.push(currentTraceparent());
      if (request.marketId === 'bug') throw new TypeError('password=hunter2');
      if (request.marketId === 'retired') throw new AppError('rejected', 'bidding.market_retired', 'No longer traded. Ça va.', { since: '2026' });
      if (request.marketId === 'never') await probe.stall();
      return { activeAsks: request.marketId.length };
    }

    trade(requests: Observable<TradeRequest>) {
      probe.tradesOpen += 1;
      return requests.pipe(
        map(({ commands }) => ({ answers: commands.map(({ ref }) => ({ ref })) })),
        finalize(() => (probe.tradesOpen -= 1)),
      );
    }

    watchMarkets() {
      return new Stream<{ updates: { marketId: string }[] }>((subscriber) => {
        probe.watchersOpen += 1;
        subscriber.next({ updates: [{ marketId: 'a' }] });
        if (probe.watchDoes === 'refuse') subscriber.error(new AppError('conflict', 'bidding.market_halted', 'Halted.'));
        if (probe.watchDoes === 'end') {
          subscriber.next({ updates: [{ marketId: 'b' }] });
          subscriber.complete();
        }
        return () => (probe.watchersOpen -= 1);
      });
    }
  }
  serveSome(BiddingService, ProbeController);
  return ProbeController;
}
