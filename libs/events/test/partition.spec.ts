import { PARTITIONS, partitionOf } from '@libs/events/bus';

describe('the partition of a key', () => {
  it('never changes, since that would move keys that are half read', () => {
    expect(['', 'usr_a', 'mkt_01h455vb4pex5vsknk084sn02q', 'ärger'].map(partitionOf)).toEqual([13, 17, 0, 14]);
  });

  it('is one of 24, and keys are spread over all of them', () => {
    const used = new Set(Array.from({ length: 500 }, (_, n) => partitionOf(`key ${n}`)));
    expect([used.size, PARTITIONS, Math.max(...used)]).toEqual([24, 24, 23]);
  });
});
