import { Controller, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { SearchService } from '@libs/contracts/gen/exchange/search/v1/search_pb';
import { InProcessNetwork } from '@libs/rpc/in-process';
import { serveSome } from '@libs/rpc/test/serve-some';
import { z } from 'zod';
import { configOf } from '../config';
import { defineService } from '../service';
import { prepareService } from '../start-service';

let did: string[] = [];
const env = { NODE_ENV: 'test', LOG_LEVEL: 'silent', SEARCH_INTERNAL_PORT: '0' };

@Controller()
class EagerController implements OnApplicationBootstrap {
  constructor() {
    did.push('was built');
  }

  onApplicationBootstrap(): void {
    did.push('went to work');
  }

  async getBrands() {
    return { brands: [] };
  }
}

serveSome(SearchService, EagerController);

class EagerConfig extends configOf(z.object({})) {}

@Module({ controllers: [EagerController] })
class EagerModule {
  static readonly service = defineService({ name: 'search', config: EagerConfig, serves: [SearchService] });
}

describe('a service that is prepared', () => {
  const network = new InProcessNetwork();
  const asked = () => network.rpcOf('gateway').client(SearchService).getBrands({}, { deadlineMs: 30_000 }).then(() => 'answers', (error: unknown) => (error as { code: string }).code);
  beforeEach(() => {
    did = [];
  });

  it('is built and at rest until it is opened: it takes no calls and does nothing by itself', async () => {
    const prepared = await prepareService(EagerModule, { env, network });
    expect(did).toEqual(['was built']);
    expect(await asked()).toBe('rpc.unavailable');
    const running = await prepared.open();
    expect(did).toEqual(['was built', 'went to work']);
    expect(await asked()).toBe('answers');
    expect((await fetch(`${running.internalUrl}/health/ready`)).status).toBe(200);
    await prepared.stop();
    expect(await asked()).toBe('rpc.unavailable');
  });

  it('and never opened ends without having gone to work', async () => {
    const prepared = await prepareService(EagerModule, { env, network });
    await prepared.stop();
    expect(did).toEqual(['was built']);
  });
});
