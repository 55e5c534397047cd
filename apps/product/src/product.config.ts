import { z } from 'zod';
import { configOf } from '@libs/chassis/config';

/** The catalogue has nothing of its own to configure: the chassis' keys are all. */
export class ProductConfig extends configOf(z.object({})) {}
