import type { CallUser } from '@libs/rpc/call-context';
import { z } from 'zod';
import { type Route, route } from '../door/route';
import { InstantJson, present } from './json';

const TicketJson = z.object({ ticket: z.string(), expiresAt: InstantJson });

export type IssueTicket = (user: CallUser) => { readonly ticket: string; readonly expiresAt: Date };

export function socketTicketRoutes(issue: IssueTicket): Route[] {
  return [
    route({
      tag: 'Live', access: { roles: 'signed_in' }, method: 'POST', path: '/v1/ws/tickets', status: 201, summary: 'A ticket for `/v1/ws`: good once, for 30 seconds.', answer: TicketJson,
      async handle({ user }) {
        const { ticket, expiresAt } = issue(present(user));
        return { ticket, expiresAt: expiresAt.toISOString() };
      },
    }),
  ];
}
