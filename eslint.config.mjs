// What imports and file names cannot show. `STYLE.md` says why; dependency rules stand in `.dependency-cruiser.cjs`.
import tseslint from 'typescript-eslint';

const CONSTRUCTOR = 'MethodDefinition[kind="constructor"] > FunctionExpression';

const everywhere = [
  { selector: 'FunctionDeclaration[params.length>4]', message: 'At most 4 parameters.' },
  { selector: 'ArrowFunctionExpression[params.length>4]', message: 'At most 4 parameters.' },
  { selector: ':not(MethodDefinition[kind="constructor"]) > FunctionExpression[params.length>4]', message: 'At most 4 parameters.' },
  { selector: `${CONSTRUCTOR}[params.length>6]`, message: 'At most 6 things are injected into one class.' },
  { selector: 'ExportDefaultDeclaration', message: 'Exports have names.' },
  { selector: 'ExportAllDeclaration', message: 'Import the file that defines the thing.' },
  { selector: 'CallExpression[callee.name="forwardRef"]', message: 'Two modules that need each other are one module, or an event is missing.' },
];
const money = [{ selector: 'CallExpression[callee.property.name=/^(parseFloat|toFixed)$/], CallExpression[callee.name="parseFloat"]', message: 'Money is whole minor units.' }];
const environment = [{ selector: 'MemberExpression[object.name="process"][property.name="env"]', message: 'The environment is read in *.config.ts.' }];
const inputs = [
  { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: 'Time is an input: Clock or WallClock.' },
  { selector: 'CallExpression[callee.object.name="Date"][callee.property.name="now"]', message: 'Time is an input: Clock or WallClock.' },
  { selector: 'CallExpression[callee.object.name="Math"][callee.property.name="random"]', message: 'Randomness is an input.' },
  { selector: 'CallExpression[callee.name=/^(setTimeout|setInterval)$/]', message: 'Background work is a Loop.' },
];
const timerImports = { paths: ['timers', 'node:timers', 'timers/promises', 'node:timers/promises'].map((name) => ({ name, message: 'Background work is a Loop.' })) };

const tests = ['**/*.spec.ts', '**/*.contract.ts', '**/test/**', 'test/**', 'libs/testing/**', 'bench/**'];
const temporaryFolders = { paths: ['node:fs', 'node:fs/promises'].map((name) => ({ name, importNames: ['mkdtempSync', 'mkdtemp'], message: 'temporaryFolder() is removed with the run, whatever is put in it.' })) };
/** The technical layer may look at the machine's own clock and wait. */
const technical = ['libs/kernel/**', 'libs/chassis/**', 'libs/rpc/**', 'libs/redis/**', 'libs/postgres/**', 'libs/events/**', 'libs/client/**', 'apps/sandbox/**', 'apps/standalone/**', ...tests];
const readsEnvironment = ['**/*.config.ts', 'libs/chassis/**', 'libs/testing/**', 'apps/sandbox/src/main.ts', 'apps/standalone/src/**', ...tests];

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', '.data/**', 'coverage/**', 'libs/contracts/gen/**', '**/*.cjs', '**/*.mjs', '**/*.js'] },
  {
    files: ['**/*.ts'],
    plugins: { '@typescript-eslint': tseslint.plugin },
    languageOptions: { parser: tseslint.parser, parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false, attributes: false, inheritedMethods: false } }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true, caughtErrors: 'none' }],
      '@typescript-eslint/restrict-plus-operands': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      eqeqeq: 'error',
      'no-constant-condition': ['error', { checkLoops: false }],
      'no-debugger': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      'no-restricted-imports': ['error', timerImports],
      'no-restricted-syntax': ['error', ...everywhere, ...money, ...environment, ...inputs],
    },
  },
  { files: readsEnvironment, rules: { 'no-restricted-syntax': ['error', ...everywhere, ...money, ...inputs] } },
  { files: technical, rules: { 'no-restricted-imports': 'off', 'no-restricted-syntax': ['error', ...everywhere, ...money, ...environment] } },
  // Both at once: the last match wins, and these files are in both lists.
  {
    files: ['libs/chassis/**', 'apps/standalone/src/**', 'apps/sandbox/src/main.ts', 'apps/sandbox/src/*.config.ts', ...tests],
    rules: { 'no-restricted-imports': 'off', 'no-restricted-syntax': ['error', ...everywhere] },
  },
  { files: tests, ignores: ['libs/testing/temporary-folder.ts'], rules: { 'no-restricted-imports': ['error', temporaryFolders] } },
  // Jest wants a default export of these two, and loads them without our module names.
  { files: ['libs/testing/global-*.ts'], rules: { 'no-restricted-syntax': 'off', 'no-restricted-imports': 'off' } },
  { files: tests, rules: { 'max-lines-per-function': 'off', 'no-console': 'off', '@typescript-eslint/no-non-null-assertion': 'off' } },
);
