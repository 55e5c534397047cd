import { z } from 'zod';
import { configOf } from '@libs/chassis/config';

/** The inspection floor has nothing of its own to configure: the chassis' keys are all. */
export class AuthenticationConfig extends configOf(z.object({})) {}
