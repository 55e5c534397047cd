import { z } from 'zod';

const schema = z.object({
  SANDBOX_PORT: z.coerce.number().int().min(0).max(65_535).default(8090),
  SANDBOX_HOST: z.string().default('127.0.0.1'),
  SANDBOX_DATA: z.string().default('.data/sandbox'),
});

export type SandboxConfig = z.output<typeof schema>;

/** Names every wrong key at once and refuses to start. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): SandboxConfig {
  const result = schema.safeParse(environment);
  if (result.success) return result.data;
  throw new Error(`The sandbox cannot start:\n${z.prettifyError(result.error)}`);
}
