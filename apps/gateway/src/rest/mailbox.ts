import { UserService } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import type { Rpc } from '@libs/rpc/rpc';
import { z } from 'zod';
import { type Route, route } from '../door/route';
import { type CountTries, email, type Hash, hashed, password } from './auth';
import { present } from './json';

/** 256 bit in base64url, as they stand in the link. */
const token = z.string().regex(/^[\w-]{43}$/, 'This is not the token of a link of ours.');

const Token = z.strictObject({ token });
const Forgot = z.strictObject({ email });
const Reset = z.strictObject({ token, newPassword: password });
const ChangeEmail = z.strictObject({ newEmail: email, currentPassword: password });

const open = { tag: 'Sessions', access: { roles: 'public' }, cacheControl: 'no-store' } as const;
const mine = { tag: 'Me', access: { roles: 'signed_in' } } as const;

/** What goes by way of somebody's mailbox. The links lead to pages that send their token here, so that looking at a mail changes nothing. */
export function mailboxRoutes(rpc: Rpc, countLogin: CountTries, countMail: CountTries, hashing: Hash): Route[] {
  const users = rpc.client(UserService);
  return [
    route({
      ...open, method: 'POST', path: '/v1/auth/email/verify', status: 204, summary: 'Verify the e-mail address, with the token of the mail. A condition for trading.', refusals: ['user.token_invalid'],
      body: Token,
      async handle({ body }) {
        await users.verifyEmail(body);
        return undefined;
      },
    }),
    route({
      ...mine, method: 'POST', path: '/v1/auth/email/resend', status: 202, summary: 'Send the mail that verifies the address again. Links from before are void.', refusals: ['user.email_already_verified', 'user.too_many_mails'],
      limit: 'mail',
      async handle({ call }) {
        await users.resendVerification({}, call);
        return undefined;
      },
    }),
    route({
      ...open, method: 'POST', path: '/v1/auth/password/forgot', status: 202, summary: 'Ask for a mail to choose a new password with. The answer is the same whether or not there is such an account.',
      limit: 'mail_askers', body: Forgot,
      async handle({ body, client }, headers) {
        await countMail(body.email, client.ip, headers);
        await users.forgotPassword(body);
        return undefined;
      },
    }),
    route({
      ...open, method: 'POST', path: '/v1/auth/password/reset', status: 204, summary: 'Choose a new password, with the token of the mail. Ends every session.', refusals: ['user.token_invalid', 'user.password_weak', ...hashed],
      body: Reset,
      async handle({ body }) {
        await hashing((patience) => users.resetPassword(body, patience));
        return undefined;
      },
    }),
    route({
      ...mine, method: 'POST', path: '/v1/me/email', status: 202, summary: 'Ask for another e-mail address. It changes when the links in the mails to the old and the new one have been followed.', refusals: ['user.credentials_wrong', 'user.email_taken', 'user.email_unchanged', 'user.too_many_mails', ...hashed],
      body: ChangeEmail,
      async handle({ body, call, user, client }, headers) {
        await countLogin(present(user).id, client.ip, headers);
        await hashing((patience) => users.changeEmail(body, { ...call, ...patience }));
        return undefined;
      },
    }),
    route({
      ...open, tag: 'Me', method: 'POST', path: '/v1/me/email/confirm', status: 200, summary: 'Agree to a change of e-mail address, with the token of either mail. Says whether the address has changed by this.', refusals: ['user.token_invalid', 'user.email_taken'],
      body: Token, answer: z.object({ changed: z.boolean() }),
      async handle({ body }) {
        const { changed } = await users.confirmEmail(body);
        return { changed };
      },
    }),
  ];
}
