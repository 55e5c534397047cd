// NestJS 12 is ESM only: @swc/jest turns it and the other ESM-only packages into CommonJS, so that plain `jest` runs on Node 20 to 26 without flags.
const { readFileSync } = require('node:fs');

const swc = JSON.parse(readFileSync(`${__dirname}/.swcrc`, 'utf8'));
delete swc.$schema;
delete swc.jsc.baseUrl;
delete swc.jsc.paths;

module.exports = {
  rootDir: __dirname,
  testEnvironment: 'node',
  // `npm run test:engines` names what it runs: among it `*.engines.spec.ts`, which mean nothing without a real engine.
  testRegex: process.env.ENGINES_TESTED ? '\\.spec\\.ts$' : '(?<!\\.engines)\\.spec\\.ts$',
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/.data'],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  transform: { '^.+\\.(ts|js|mjs)$': ['@swc/jest', { ...swc, swcrc: false }] },
  transformIgnorePatterns: [
    '/node_modules/(?!(?:.*/node_modules/)?(?:@nestjs|quick-lru|tiny-lru|content-disposition|cookie|file-type|strtok3|token-types|@tokenizer|uint8array-extras|@borewit)/)',
  ],
  moduleNameMapper: { '^@libs/(.*)$': '<rootDir>/libs/$1' },
  globalSetup: '<rootDir>/libs/testing/global-setup.ts',
  globalTeardown: '<rootDir>/libs/testing/global-teardown.ts',
  testSequencer: '<rootDir>/libs/testing/whole-exchange-first.cjs',
  maxWorkers: 2,
  // How long is a benchmark's business: a busy machine must not turn a test red.
  testTimeout: 60_000,
};
