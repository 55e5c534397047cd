import { z } from 'zod';
import { knownProblems } from '../door/known-problems';
import { type Route, route } from '../door/route';
import { notFound } from './not-found';
import { openApi } from './openapi';

const shown = { tag: 'Documents', access: { roles: 'public' }, cacheControl: 'public, max-age=60', method: 'GET', status: 200 } as const;
const KnownProblemJson = z.object({ type: z.string(), code: z.string(), status: z.int(), retryable: z.boolean(), detail: z.string() });

/** What the API says of itself. */
export function documentRoutes(others: readonly Route[]): Route[] {
  const routes: Route[] = [
    ...others,
    route({ ...shown, path: '/openapi.json', summary: 'This API, as OpenAPI 3.1.', answer: z.unknown(), handle: async () => document }),
    route({
      ...shown, path: '/problems/{code}', summary: 'What a problem\'s code means.', params: z.strictObject({ code: z.string().regex(/^[a-z]+\.[a-z0-9_]+$/) }), answer: KnownProblemJson, refusals: ['gateway.problem_unknown'],
      async handle({ params: { code } }) {
        const known = Object.hasOwn(knownProblems, code) ? knownProblems[code] : undefined;
        if (!known) notFound('gateway.problem_unknown', 'There is no problem by this code.');
        return { type: `/problems/${code}`, code, ...known };
      },
    }),
  ];
  const document = openApi(routes);
  return routes;
}
