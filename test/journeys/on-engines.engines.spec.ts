import { allJourneys } from './all-journeys';

/** The addresses of the environment are the exchange's own: what is given takes the place of its embedded form. */
allJourneys('in one process, on the real engines', { split: false });
allJourneys('with one process per service, on the real engines', { split: true });
