import { serviceCommand } from './service-command';

/** The user service's own commands, on its database alone. The first administrator is nobody's gift over the network. */
export async function grantFirstAdmin(userDatabase: string, email: string): Promise<void> {
  await serviceCommand('user/src/grant-admin.js', [email], { USER_DATABASE_URL: userDatabase }).catch(because('the first administrator could not be named'));
}

/** Answers what the command said. */
export function rotateKeys(userDatabase: string, secretsFile: string): Promise<string> {
  return serviceCommand('user/src/rotate-keys.js', [], { USER_DATABASE_URL: userDatabase, USER_SECRETS_FILE: secretsFile }).catch(because('the keys were not rotated'));
}

function because(failure: string): (error: Error) => never {
  return ({ message }) => {
    throw new Error(`${failure}: ${message}`);
  };
}
