/** What people call things: a word stands for itself and for these phrases. Both forms of the index read this one list. */
export const synonyms: ReadonlyMap<string, readonly string[]> = new Map(Object.entries({
  af1: ['air force 1'],
  aj1: ['air jordan 1'],
  aj: ['air jordan'],
  sb: ['skateboarding'],
  og: ['original'],
  hi: ['high'],
  lo: ['low'],
  grey: ['gray'],
  gray: ['grey'],
  colour: ['color'],
  color: ['colour'],
  navy: ['blue'],
  crimson: ['red'],
  scarlet: ['red'],
  cream: ['sail'],
  offwhite: ['off white'],
  bred: ['black red'],
  wmns: ['womens', 'women'],
  womens: ['wmns', 'women'],
  tee: ['shirt'],
  tshirt: ['t shirt'],
  hoody: ['hoodie'],
}));

/** Words that say nothing about which product is meant. */
export const emptyWords: ReadonlySet<string> = new Set(['a', 'an', 'the', 'and', 'or', 'of', 'by', 'for', 'in', 'with', 'shoe', 'shoes', 'sneaker', 'sneakers', 'trainer', 'trainers', 'pair', 'size']);
