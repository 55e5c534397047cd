import { createHash } from 'node:crypto';
import { typeId } from '@libs/kernel/ids';
import type { ProductDocument } from '../src/domain/document';

/** A small shop window: [style id, brand, model, colorway, category, released, sales, lowest asks by size in dollars]. */
type Line = readonly [string, string, string, string, string, string, number, Readonly<Record<string, number | null>>];

const lines: readonly Line[] = [
  ['NL-A1-001', 'Norrland', 'Aurora 1', 'Glacier / White', 'sneakers', '2025-03-14', 40, { 8: 210, 9: 190, 10: 250 }],
  ['NL-A1-002', 'Norrland', 'Aurora 1', 'Ember / Black', 'sneakers', '2025-09-05', 5, { 8: 320, 9: null, 10: 300 }],
  ['NL-A2-001', 'Norrland', 'Aurora 2', 'Glacier', 'sneakers', '2026-01-10', 3, { 9: 180 }],
  ['NL-A10-900', 'Norrland', 'Aurora 10', 'Anniversary Gold', 'sneakers', '2026-02-01', 1, { 9: 640, 11: 700 }],
  ['NL-FR-010', 'Norrland', 'Fjord Runner', 'Moss', 'sneakers', '2024-11-20', 12, { 8: 140, 10: 150 }],
  ['NL-FR-011', 'Norrland', 'Fjord Runner', 'Granite Gray', 'sneakers', '2024-12-20', 8, { 10: 155 }],
  ['KS-C77-100', 'Kestrel', 'Court 77', 'Chalk / Gum', 'sneakers', '2025-01-30', 25, { 8: 120, 9: 125, 10: 130 }],
  ['KS-C77-101', 'Kestrel', 'Court 77', 'Night Match', 'sneakers', '2025-10-10', 6, { 9: 175 }],
  ['KS-UP-200', 'Kestrel', 'Updraft', 'Sail / Copper', 'sneakers', '2026-02-12', 9, { 9: 260, 11: 280 }],
  ['KS-UP-201', 'Kestrel', 'Updraft', 'Black Red', 'sneakers', '2026-02-13', 2, { 9: 330 }],
  ['HC-DL-300', 'Halcyon', 'Drift Low', 'Sandstone', 'sneakers', '2024-06-01', 15, { 8: 95, 9: 99 }],
  ['HC-DH-310', 'Halcyon', 'Drift High', 'Tide', 'sneakers', '2025-06-21', 4, { 9: 110 }],
  ['HC-HD-400', 'Halcyon', 'Harbour Hoodie', 'Navy', 'apparel', '2025-11-01', 7, { S: 80, M: 85, L: null }],
  ['HC-TS-401', 'Halcyon', 'Harbour Shirt', 'White', 'apparel', '2025-11-02', 2, { S: 35, M: 35 }],
  ['AM-F1-315', 'Air Meridian', 'Air Force 1 Low', 'White', 'sneakers', '2007-01-01', 90, { 8: 110, 9: 105, 10: 115 }],
  ['AM-F1-316', 'Air Meridian', 'Air Force 1 High', 'Black', 'sneakers', '2009-01-01', 20, { 9: 135 }],
  ['AM-J1-555', 'Air Meridian', 'Air Jordan 1 High OG', 'Black Red', 'sneakers', '2016-09-03', 60, { 9: 900, 10: 950 }],
  ['AM-J1-556', 'Air Meridian', 'Air Jordan 1 Mid', 'University Blue', 'sneakers', '2021-03-06', 30, { 9: 210 }],
  ['AM-J4-408', 'Air Meridian', 'Air Jordan 4', 'Cement', 'sneakers', '2016-02-13', 35, { 9: 480, 11: 500 }],
  ['AM-J11-10', 'Air Meridian', 'Air Jordan 11', 'Concord', 'sneakers', '2018-12-08', 33, { 9: 390 }],
  ['AM-J40-01', 'Air Meridian', 'Air Jordan 40', 'Future', 'sneakers', '2025-12-08', 1, { 9: 220 }],
  ['BT-350-V2', 'Bolt', 'Boost 350 V2', 'Zebra', 'sneakers', '2017-02-25', 80, { 9: 330, 10: 340 }],
  ['BT-350-BR', 'Bolt', 'Boost 350 V2', 'Core Black Red', 'sneakers', '2017-02-11', 22, { 10: 600 }],
  ['BT-700-WR', 'Bolt', 'Wave Runner 700', 'Solid Grey', 'sneakers', '2017-11-01', 18, { 9: 410 }],
  ['BT-SL-001', 'Bolt', 'Slide', 'Bone', 'sandals', '2019-12-06', 50, { 9: 90, 10: 92 }],
  ['NT-990-V5', 'New Tide', '990v5', 'Grey', 'sneakers', '2019-04-20', 21, { 9: 185, 10: 190 }],
  ['NT-550-WG', 'New Tide', '550', 'White Green', 'sneakers', '2020-10-23', 45, { 9: 140 }],
  ['NT-2002-R', 'New Tide', '2002R Protection Pack', 'Rain Cloud', 'sneakers', '2021-08-20', 28, { 9: 230 }],
  ['CF-ZR-001', 'Café Zürich', 'Zürisee Trail', 'Crème Brûlée', 'sneakers', '2025-05-05', 2, { 9: 160 }],
  ['CF-WM-002', 'Café Zürich', 'Limmat Womens', 'Rosé', 'sneakers', '2025-05-06', 3, { 6: 130, 7: 132 }],
  ['OR-BP-001', 'Orbit', 'Courier Backpack', 'Black', 'accessories', '2024-03-01', 11, { OS: 120 }],
  ['OR-CP-002', 'Orbit', 'Dad Cap', 'Scarlet', 'accessories', '2024-03-02', 6, { OS: 30 }],
  ['OR-SB-003', 'Orbit', 'Skateboarding Pro', 'Off White', 'sneakers', '2023-07-07', 13, { 9: 145 }],
  ['OR-NA-004', 'Orbit', 'Nova', '', 'sneakers', '', 0, {}],
];

/** The same at every run. */
export function idFor(prefix: 'prd' | 'mkt', name: string): string {
  const hex = createHash('sha256').update(`${prefix} ${name}`).digest('hex').slice(0, 32);
  return typeId(prefix, hex);
}

const DAY_MS = 86_400_000;
const FIRST_DAY = Date.parse('2026-01-01T00:00:00.000Z');

export const catalogue: readonly ProductDocument[] = lines.map(([styleId, brand, model, colorway, category, releaseDate, sales, asks], n) => {
  const variants = Object.entries(asks).map(([size, dollars]) => ({ marketId: idFor('mkt', `${styleId} ${size}`), size, ...(dollars !== null && { lowestAsk: dollars * 100 }) }));
  const prices = variants.map(({ lowestAsk }) => lowestAsk).filter((price) => price !== undefined);
  return {
    id: idFor('prd', styleId), version: n + 1, isListed: true, urlKey: styleId.toLowerCase(), brand, model, colorway, styleId, category, releaseDate, sales, variants,
    description: styleId === 'NL-FR-010' ? 'A trail runner that the city took over.' : '',
    imageUrl: '', currency: 'USD', createdAt: new Date(FIRST_DAY + n * DAY_MS),
    ...(prices.length > 0 && { lowestAsk: Math.min(...prices) }),
    ...(sales > 0 && { lastSale: 10_000 + sales, lastSoldAt: new Date(FIRST_DAY + sales * DAY_MS) }),
  };
});

export const styleOf = (id: string): string => catalogue.find((document) => document.id === id)?.styleId ?? id;
export const documentOf = (styleId: string): ProductDocument => {
  const document = catalogue.find((one) => one.styleId === styleId);
  if (!document) throw new Error(`there is no ${styleId}`);
  return document;
};
