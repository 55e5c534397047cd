import { z } from 'zod';
import { configOf } from '@libs/chassis/config';
import { holidayKeys } from '@libs/chassis/holidays';

/** When the floor does not work. */
export class AuthenticationConfig extends configOf(z.object(holidayKeys)) {}
