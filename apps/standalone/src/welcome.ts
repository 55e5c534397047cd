export interface Login {
  readonly role: string;
  readonly email: string;
  readonly password: string;
}

/** The first thing that a newcomer sees. */
export function welcome(url: string, sandboxUrl: string | undefined, logins: readonly Login[]): string {
  const lines = [
    '',
    `  Pairwise is open at ${url}`,
    `  API: ${url}/openapi.json    health: ${url}/health/ready`,
    ...(sandboxUrl ? [`  The outside world (cards, carrier, clock) is the sandbox at ${sandboxUrl}`] : []),
    ...(logins.length > 0 ? ['', '  Demo logins:', ...logins.map(({ role, email, password }) => `    ${role.padEnd(14)} ${email.padEnd(28)} ${password}`)] : []),
    '',
    '  npm run demo walks one trade from bid to payout. Ctrl-C stops.',
    '',
  ];
  return `${lines.join('\n')}\n`;
}
