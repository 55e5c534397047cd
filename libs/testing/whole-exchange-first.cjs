const { default: Sequencer } = require('@jest/test-sequencer');

const OF_A_WHOLE_EXCHANGE = /[\\/](test[\\/](access|faults|journeys|consumers|operator)|apps[\\/]standalone[\\/]test)[\\/]/;

/** Suites that start a whole exchange take minutes, the others seconds: begun first, they never leave the other workers idle at the end. */
module.exports = class WholeExchangeFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => (OF_A_WHOLE_EXCHANGE.test(path) ? 0 : 1);
    return [...super.sort(tests)].sort((a, b) => rank(a) - rank(b));
  }
};
