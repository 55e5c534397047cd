/** Invented brands and models: no trademarks. Prices in whole dollars; `quotes` rest below and above it in the middle size. */
export interface SeedProduct {
  readonly brand: string;
  readonly model: string;
  readonly colorway: string;
  readonly styleId: string;
  readonly description: string;
  readonly retail: number;
  readonly releaseDate: string;
}

export const sizes = ['8', '8.5', '9', '9.5', '10', '10.5', '11'];

export const catalogue: readonly SeedProduct[] = [
  { brand: 'Norrland', model: 'Aurora 1', colorway: 'Glacier / White', styleId: 'NL-A1-001', description: 'The first Aurora: full-grain leather, a cup sole, and the pale blue of a winter morning.', retail: 180, releaseDate: '2025-03-14' },
  { brand: 'Norrland', model: 'Aurora 1', colorway: 'Ember / Black', styleId: 'NL-A1-002', description: 'The Aurora in ember red, made once.', retail: 190, releaseDate: '2025-09-05' },
  { brand: 'Norrland', model: 'Fjord Runner', colorway: 'Moss', styleId: 'NL-FR-010', description: 'A trail runner that the city took over.', retail: 140, releaseDate: '2024-11-20' },
  { brand: 'Kestrel', model: 'Court 77', colorway: 'Chalk / Gum', styleId: 'KS-C77-100', description: 'A tennis shoe of 1977, back on its gum sole.', retail: 120, releaseDate: '2025-01-30' },
  { brand: 'Kestrel', model: 'Court 77', colorway: 'Night Match', styleId: 'KS-C77-101', description: 'Black suede with a reflecting line: made for floodlights.', retail: 130, releaseDate: '2025-10-10' },
  { brand: 'Kestrel', model: 'Updraft', colorway: 'Sail / Copper', styleId: 'KS-UP-200', description: 'Light knit over a copper plate.', retail: 210, releaseDate: '2026-02-12' },
  { brand: 'Halcyon', model: 'Drift Low', colorway: 'Sandstone', styleId: 'HC-DL-300', description: 'Washed canvas that looks worn from the first day.', retail: 95, releaseDate: '2024-06-01' },
  { brand: 'Halcyon', model: 'Drift High', colorway: 'Tide', styleId: 'HC-DH-310', description: 'The high cut, dyed by hand: no two pairs alike.', retail: 110, releaseDate: '2025-06-21' },
];
