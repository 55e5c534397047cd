/** One spelling of an address: it is what makes an account unique. */
export function normalizeEmail(email: string): string {
  return email.trim().normalize('NFKC').toLowerCase();
}

/** What an administrator sees in a list: `a***@e***.com`. */
export function maskEmail(email: string): string {
  const at = email.lastIndexOf('@');
  const domain = email.slice(at + 1);
  const dot = domain.lastIndexOf('.');
  return `${firstOf(email.slice(0, at))}***@${firstOf(domain)}***${dot < 0 ? '' : domain.slice(dot)}`;
}

function firstOf(text: string): string {
  return [...text][0] ?? '';
}
