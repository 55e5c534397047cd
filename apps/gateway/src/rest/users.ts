import type { User } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { z } from 'zod';
import { InstantJson, knownInstant, orAbsent, present, safe } from './json';

/** A user, as they see themselves and as an admin does (whose list has the e-mail masked). */
export const UserJson = z.object({
  id: z.string(),
  email: z.string(),
  firstName: z.string(),
  lastName: z.string(),
  phone: z.string().optional(),
  roles: z.array(z.string()),
  emailVerified: z.boolean(),
  suspended: z.boolean(),
  buyingSuspended: z.boolean(),
  sellingSuspended: z.boolean(),
  createdAt: InstantJson,
  version: z.int(),
});

export function userJson(user: User | undefined): z.input<typeof UserJson> {
  const { id, email, firstName, lastName, phone, roles, emailVerified, suspended, buyingSuspended, sellingSuspended, createdAt, version } = present(user);
  return { id, email, firstName, lastName, phone: orAbsent(phone), roles, emailVerified, suspended, buyingSuspended, sellingSuspended, createdAt: knownInstant(createdAt), version: safe(version) };
}
