import { allJourneys } from './all-journeys';

allJourneys('in one process', { split: false });
