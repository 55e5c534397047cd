import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { BUILD } from '@libs/testing/exchange-process';

it('a broker that closes its connection under many calls is no leak, and nobody is warned of one', async () => {
  // In a process of its own: Node's warnings do not reach Jest's `process`.
  const said = await new Promise((done) => {
    execFile(process.execPath, [join(BUILD, 'libs/events/test/dying-broker.js')], { timeout: 50_000 }, (error, out, err) => done({ code: error ? error.code : 0, out, err }));
  });
  expect(said).toEqual({ code: 0, out: '', err: '' });
});
