import { randomUUID } from 'node:crypto';
import type { Trader } from '@libs/client/trader';
import { type IdPrefix, typeId } from '@libs/kernel/ids';
import { type Role, roles } from '@libs/rpc/call-context';
import { Story } from '@libs/testing/story';
import { routeTable } from '../../apps/gateway/src/documents/route-table';
import type { Route } from '../../apps/gateway/src/door/route';
import { type Asked, nobodysNames, objectRoutes } from './foreign-objects';
import { type OwnedThings, ownedThings } from './owned-things';
import { type Answer, ask } from '../../apps/gateway/test/start-gateway';

const START_MS_MAX = 600_000;
const codes = { 403: /^gateway\.role_missing$/, 404: /not_found$/, 409: /^authentication\.claim_lost$/ } as const;

const nameOf = ({ method, path }: Route) => `${method} ${path}`;
const routes = routeTable();
const namesAnObject = ({ path }: Route) => [...path.matchAll(/\{(\w+)\}/g)].some(([, name = '']) => !nobodysNames.includes(name));
const cases = routes.flatMap((route) => {
  const row = objectRoutes[nameOf(route)];
  return row ? [{ name: nameOf(route), route, row }] : [];
});

/** The same request for everybody, its key included. */
function send(url: string, route: Route, { params, body, version }: Asked, { token, key }: { token: string | undefined; key: string }): Promise<Answer> {
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(params[name] ?? ''));
  return ask(url, route.method, path, { ...(token !== undefined && { token }), ...(route.idempotencyKey && { key }), ...(body && { body }), headers: { ...(version !== undefined && { 'if-match': `"${version}"` }) } });
}

describe('what is somebody else\'s', () => {
  let story: Story;
  let things: OwnedThings;
  let strangers: Readonly<Record<Role, Trader>>;

  beforeAll(async () => {
    story = await Story.begin();
    [things, strangers] = [await ownedThings(story), await strangersOf(story)];
  }, START_MS_MAX);
  afterAll(() => story.end(), START_MS_MAX);

  it('has a row for every route with an object in its path, and none besides (I3)', () => {
    expect(Object.keys(objectRoutes).sort()).toEqual(routes.filter(namesAnObject).map(nameOf).sort());
  });

  it.each(cases)('is there for its owner and for whoever looks after it, and for no stranger: $name (I3)', async ({ route, row }) => {
    const [asked, key, { url }] = [row.asks(things), randomUUID(), story.exchange];
    const { strangers: verdicts, owner } = row;
    const answerTo = async (who: Trader | undefined, about = asked) => {
      const { status, body } = await send(url, route, about, { token: who?.api.token, key });
      return { status, code: body.code, detail: body.detail };
    };
    const done = { status: route.status, code: undefined };
    if (verdicts === 'public') {
      expect(await answerTo(undefined)).toMatchObject(done);
      return;
    }
    for (const role of roles) {
      const verdict = verdicts[role];
      if (verdict === 'may') continue;
      const answer = await answerTo(strangers[role]);
      expect({ role, ...answer }).toMatchObject({ role, status: verdict, code: expect.stringMatching(codes[verdict]) });
      if (verdict === 404) expect(await answerTo(strangers[role], unheardOf(asked))).toEqual(answer);
    }
    const entitled = [...(owner ? [things[owner]] : []), ...roles.filter((role) => verdicts[role] === 'may').map((role) => strangers[role])];
    for (const who of entitled) expect(await answerTo(who)).toMatchObject(done);
  });
});

/** The same about a thing that is not there: the first in the path is whose it is about. */
function unheardOf({ params, ...rest }: Asked): Asked {
  const [[name = '', id = ''] = []] = Object.entries(params);
  return { ...rest, params: { ...params, [name]: id.replace(/^([a-z]+)_[0-9a-z]{26}$/, (_all, prefix: IdPrefix) => typeId(prefix, randomUUID())) } };
}

/** Somebody of each role who has nothing to do with anything that is there, and has no other role. */
async function strangersOf(story: Story): Promise<Readonly<Record<Role, Trader>>> {
  const [buyer, seller, authenticator, admin] = await Promise.all([story.buyer('Eve'), story.seller('Eli'), story.stranger('Una'), story.stranger('Oda')]);
  const all = { buyer, seller, authenticator, admin };
  for (const role of roles) {
    await story.admin.grants(all[role], [role], 'has this one role');
    await all[role].logsIn();
  }
  return all;
}
