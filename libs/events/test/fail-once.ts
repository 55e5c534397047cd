import { armFailpoint, type Failpoint } from '@libs/kernel/failpoint';

let armed: Failpoint | undefined;

/** The next passage of this point throws, as a killed process would not come back from it. */
export function failOnce(point: Failpoint): void {
  armed = point;
  armFailpoint(point, () => {
    if (armed !== point) return;
    armed = undefined;
    throw new Error(`killed at ${point}`);
  });
}

export function disarmFailpoint(): void {
  armed = undefined;
}
