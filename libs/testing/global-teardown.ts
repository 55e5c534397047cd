import { removeRun } from './global-setup';

export default function endRun(): void {
  const run = process.env.PAIRWISE_TEST_RUN;
  if (run) removeRun(run);
}
