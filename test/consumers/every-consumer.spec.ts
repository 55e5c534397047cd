import { everyConsumer } from './consumers';

everyConsumer('on PostgreSQL', {});
