// `npm run build`: the packages, then dist/.
import { prepare } from './prepare.mjs';

prepare();
