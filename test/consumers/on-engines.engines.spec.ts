import { randomUUID } from 'node:crypto';
import { everyConsumer } from './consumers';

const { ELASTICSEARCH_URL, INFLUX_URL, INFLUX_ORG, INFLUX_BUCKET, INFLUX_TOKEN } = process.env;
const given = {
  ...(ELASTICSEARCH_URL && { ELASTICSEARCH_URL, ELASTICSEARCH_ALIAS: `test-consumers-${randomUUID()}` }),
  ...(INFLUX_URL && INFLUX_ORG && INFLUX_BUCKET && INFLUX_TOKEN && { INFLUX_URL, INFLUX_ORG, INFLUX_BUCKET, INFLUX_TOKEN }),
};

if (Object.keys(given).length > 0) everyConsumer('on the engines', given);
else it.todo('no engine is given that a projection could be kept in');
