import { allJourneys } from './all-journeys';

allJourneys('with one process per service', { split: true });
