import { priceHistoryContract } from './price-history.contract';

const { INFLUX_URL = '', INFLUX_ORG = '', INFLUX_BUCKET = '', INFLUX_TOKEN = '' } = process.env;

priceHistoryContract('PostgreSQL', { INFLUX_URL: '' }, 15);

if (INFLUX_URL) priceHistoryContract('InfluxDB', { INFLUX_URL, INFLUX_ORG, INFLUX_BUCKET, INFLUX_TOKEN }, 8);
else it.todo('the price history in InfluxDB is left out: INFLUX_URL is not set');
