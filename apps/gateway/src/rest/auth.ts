import { type Session, type Tokens, UserService } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import type { Rpc } from '@libs/rpc/rpc';
import { z } from 'zod';
import type { Hashing } from '../door/hashing';
import { type Route, route } from '../door/route';
import { idOf, InstantJson, instant, knownInstant, line, present } from './json';
import { UserJson, userJson } from './users';

export const email = z.string().max(254).regex(/^[^\s@\u0000-\u001f]{1,64}@[^\s@\u0000-\u001f]{1,185}\.[^\s@.\u0000-\u001f]{2,63}$/, 'This is not an e-mail address.');

/** How good it is, the user service says. */
export const password = z.string().min(1).max(256).regex(/^[^\u0000-\u001f\u007f]*$/, 'Control characters are not taken.');

const TokensJson = z.object({ accessToken: z.string(), accessExpiresAt: InstantJson, refreshToken: z.string(), refreshExpiresAt: InstantJson, sessionId: z.string() });
const SessionJson = z.object({ id: z.string(), userAgent: z.string(), ip: z.string(), createdAt: InstantJson, lastUsedAt: InstantJson.optional(), expiresAt: InstantJson, current: z.boolean() });
const LoggedInJson = z.object({ user: UserJson, tokens: TokensJson });

const Register = z.strictObject({ email, password, firstName: line(100), lastName: line(100) });
const Login = z.strictObject({ email, password });
const Refresh = z.strictObject({ refreshToken: z.string().regex(/^[\x21-\x7e]{1,512}$/, 'This is not a refresh token.') });
const ChangePassword = z.strictObject({ currentPassword: password, newPassword: password });

/** Wherever a password is hashed. */
export const hashed = ['user.login_busy', 'gateway.accounts_unavailable'] as const;
export type Hash = Hashing['call'];

const open = { tag: 'Sessions', access: { roles: 'public' }, cacheControl: 'no-store' } as const;
const signedIn = { tag: 'Sessions', access: { roles: 'signed_in' } } as const;

/** The door counts tries at an account's password, and mails to it; what counts is the account together with the address, so that nobody can lock another out. */
export type CountTries = (email: string, ip: string, headers: { header(name: string, value: string): unknown }) => Promise<void>;

export function authRoutes(rpc: Rpc, countLogin: CountTries, hashing: Hash, publicKeys: () => Promise<unknown>): Route[] {
  return [...openRoutes(rpc, countLogin, hashing, publicKeys), ...sessionRoutes(rpc, countLogin, hashing)];
}

function openRoutes(rpc: Rpc, countLogin: CountTries, hashing: Hash, publicKeys: () => Promise<unknown>): Route[] {
  const users = rpc.client(UserService);
  return [
    route({
      ...open, method: 'POST', path: '/v1/auth/register', status: 201, summary: 'Open an account, and log in.', refusals: ['user.email_taken', 'user.password_weak', ...hashed],
      body: Register, answer: LoggedInJson,
      async handle({ body, client }) {
        const { user, tokens } = await hashing((patience) => users.register({ ...body, client }, patience));
        return { user: userJson(user), tokens: tokensJson(tokens) };
      },
    }),
    route({
      ...open, method: 'POST', path: '/v1/auth/login', status: 200, summary: 'Log in.', refusals: ['user.credentials_wrong', ...hashed],
      body: Login, answer: LoggedInJson,
      async handle({ body, client }, headers) {
        await countLogin(body.email, client.ip, headers);
        const { user, tokens } = await hashing((patience) => users.login({ ...body, client }, patience));
        return { user: userJson(user), tokens: tokensJson(tokens) };
      },
    }),
    route({
      ...open, method: 'POST', path: '/v1/auth/refresh', status: 200, summary: 'Exchange a refresh token for new tokens. Each is good for one use.', refusals: ['user.refresh_reused', 'user.refresh_invalid', 'user.refresh_superseded', 'user.session_ended'],
      body: Refresh, answer: TokensJson,
      async handle({ body, client }) {
        const { tokens } = await users.refresh({ ...body, client });
        return tokensJson(tokens);
      },
    }),
    route({
      ...open, method: 'GET', path: '/.well-known/jwks.json', status: 200, summary: 'The public keys of access tokens (RFC 7517).', cacheControl: 'public, max-age=60',
      answer: z.unknown(),
      handle: () => publicKeys(),
    }),
  ];
}

function sessionRoutes(rpc: Rpc, countLogin: CountTries, hashing: Hash): Route[] {
  const users = rpc.client(UserService);
  return [
    route({
      ...signedIn, method: 'POST', path: '/v1/auth/logout', status: 204, summary: 'End this session.',
      async handle({ call }) {
        await users.logout({}, call);
        return undefined;
      },
    }),
    route({
      ...signedIn, method: 'POST', path: '/v1/auth/password', status: 204, summary: 'Change the password. Ends every other session.', refusals: ['user.credentials_wrong', 'user.password_weak', ...hashed],
      body: ChangePassword,
      async handle({ body, call, user, client }, headers) {
        await countLogin(present(user).id, client.ip, headers);
        await hashing((patience) => users.changePassword(body, { ...call, ...patience }));
        return undefined;
      },
    }),
    route({
      ...signedIn, method: 'GET', path: '/v1/auth/sessions', status: 200, summary: 'Where one is logged in.',
      answer: z.object({ data: z.array(SessionJson) }),
      async handle({ call }) {
        const { sessions } = await users.getSessions({}, call);
        return { data: sessions.map(sessionJson) };
      },
    }),
    route({
      ...signedIn, method: 'DELETE', path: '/v1/auth/sessions/{sessionId}', status: 204, summary: 'End one of one\'s sessions.', refusals: ['user.session_not_found'],
      params: z.strictObject({ sessionId: idOf('ses') }),
      async handle({ params: { sessionId }, call }) {
        await users.revokeSession({ sessionId }, call);
        return undefined;
      },
    }),
  ];
}

function tokensJson(tokens: Tokens | undefined): z.input<typeof TokensJson> {
  const { accessToken, accessExpiresAt, refreshToken, refreshExpiresAt, sessionId } = present(tokens);
  return { accessToken, accessExpiresAt: knownInstant(accessExpiresAt), refreshToken, refreshExpiresAt: knownInstant(refreshExpiresAt), sessionId };
}

function sessionJson({ id, userAgent, ip, createdAt, lastUsedAt, expiresAt, current }: Session): z.input<typeof SessionJson> {
  return { id, userAgent, ip, createdAt: knownInstant(createdAt), lastUsedAt: instant(lastUsedAt), expiresAt: knownInstant(expiresAt), current };
}
