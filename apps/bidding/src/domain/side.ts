export type Side = 'bid' | 'ask';

export function opposite(side: Side): Side {
  return side === 'bid' ? 'ask' : 'bid';
}
