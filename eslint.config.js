import { builtinModules } from 'node:module';
import eslint from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { explainedDisable } from './scripts/lint/explained-disable.js';

/** Rooms whose code the workflow sandbox runs. */
const SANDBOX = ['src/workflows/**/*.ts', 'src/contract/**/*.ts'];

/** The only files that start processes: the verbs' runner, the privileged helper, our own programs. */
const STARTS_PROCESSES = [
  'src/privileged/execa-runner.ts',
  'src/privileged/helper-process.ts',
  'src/demo/child-process.ts',
];

/** The only files that write to disk: the verbs' writer, and what keeps mooring's own files. */
const WRITES_FILES = [
  'src/privileged/file-writer.ts',
  'src/privileged/node-file-writer.ts',
  // The socket of a simulated host.
  'src/simulator/process/**/*.ts',
  'src/demo/**/*.ts',
  'src/worker/**/*.ts',
  'src/cli/**/*.ts',
];

/** What may be imported from `node:fs` anywhere. `open` only for reading, see `OPEN_TO_WRITE`. */
const READING = [
  ...['access', 'lstat', 'open', 'readFile', 'readdir', 'readlink', 'realpath', 'stat', 'watch'],
  ...['existsSync', 'lstatSync', 'readFileSync', 'readdirSync', 'readlinkSync', 'realpathSync'],
  ...['statSync', 'openSync', 'readSync', 'closeSync', 'constants', 'createReadStream'],
];

const NO_PROCESSES = [
  ...['execa', 'node:child_process', 'child_process', 'node:worker_threads', 'node:cluster'],
].map((name) => ({
  name,
  message:
    'Only src/privileged/execa-runner.ts runs commands; src/demo/child-process.ts starts ours.',
}));

const READ_ONLY_FILES = ['node:fs', 'node:fs/promises'].map((name) => ({
  name,
  allowImportNames: READING,
  allowTypeImports: true,
  message: 'Only a FileWriter writes (design 3).',
}));

/** A builtin without its prefix would slip past the rules above. */
const NODE_PREFIX = builtinModules.map((name) => ({ name, message: `Write node:${name}.` }));

const SANDBOX_IMPORTS = {
  paths: [...builtinModules, 'pino', 'zod', 'execa', 'commander', 'picocolors'].map((name) => ({
    name,
    message: 'The sandbox loads contract, @temporalio/workflow and @temporalio/common only.',
  })),
  patterns: [
    { group: ['node:*', 'zod/*'], message: 'There is no Node and no zod in the workflow sandbox.' },
    {
      group: ['@temporalio/*', '!@temporalio/workflow', '!@temporalio/common'],
      message: 'The sandbox loads @temporalio/workflow and @temporalio/common only.',
    },
  ],
};

function restrictedImports(...paths) {
  return { '@typescript-eslint/no-restricted-imports': ['error', { paths: paths.flat() }] };
}

/** What Node has and the sandbox lacks, or has in a form that breaks determinism. */
const NOT_IN_SANDBOX = [
  ...['process', 'Buffer', 'structuredClone', 'performance', 'crypto', 'queueMicrotask', 'global'],
  ...['AbortSignal', 'setImmediate', 'clearImmediate', 'setInterval', 'clearInterval', 'fetch'],
  ...['WeakRef', 'FinalizationRegistry', 'WebSocket', 'Worker', 'BroadcastChannel', 'navigator'],
  ...['MessageChannel', 'Blob', 'ReadableStream', 'WritableStream', 'TransformStream'],
  ...['require', 'module', '__dirname', '__filename', 'EventTarget', 'Event'],
];

const ASYNC_VALIDATOR = {
  selector: "Property[key.name='validator'] > :function[async=true]",
  message: 'The SDK does not await a validator: what it throws would stall the workflow.',
};
const SHELL = {
  selector: "Property[key.name='shell']:not([value.value=false])",
  message: 'Programs get an argument list, never a shell.',
};
const DYNAMIC_PROCESS = {
  selector:
    'ImportExpression[source.value=/^(execa|(node:)?(child_process|worker_threads|cluster))$/]',
  message:
    'Only src/privileged/execa-runner.ts runs commands; src/demo/child-process.ts starts ours.',
};
const PLAIN_ERROR = {
  selector: ":matches(NewExpression, CallExpression)[callee.name='Error']",
  message: 'A plain Error retries for ever. Take a failure from src/contract/failures.ts.',
};
const OPEN_TO_WRITE = [
  "CallExpression[callee.name='open'] > Literal[value=/[wa+]/]:nth-child(2)",
  "MemberExpression[object.name='constants'][property.name=/^O_(WRONLY|RDWR|CREAT|APPEND|TRUNC)$/]",
].map((selector) => ({ selector, message: 'Only a FileWriter writes (design 3).' }));

function restrictedSyntax(...entries) {
  return { 'no-restricted-syntax': ['error', ...entries.flat()] };
}

/** What plain scripts use of Node without importing it. */
const SCRIPT_GLOBALS = [
  ...['URL', 'clearInterval', 'clearTimeout', 'performance', 'process', 'setInterval'],
  ...['setTimeout', 'Buffer', 'fetch', 'AbortSignal', 'AbortController', 'TextDecoder'],
];

export default defineConfig(
  globalIgnores(['dist/', 'coverage/', '.lab/', '.mooring-run/']),
  {
    linterOptions: { reportUnusedDisableDirectives: 'error', reportUnusedInlineConfigs: 'error' },
    plugins: { mooring: { rules: { 'explained-disable': explainedDisable } } },
    rules: { 'mooring/explained-disable': 'error', eqeqeq: 'error' },
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    extends: [eslint.configs.recommended],
    languageOptions: {
      globals: Object.fromEntries(SCRIPT_GLOBALS.map((name) => [name, 'readonly'])),
    },
  },
  {
    // CommonJS for a reason it gives itself.
    files: ['bin/*.js'],
    languageOptions: {
      sourceType: 'commonjs',
      globals: { require: 'readonly', __dirname: 'readonly', process: 'readonly' },
    },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: { globals: { module: 'writable', require: 'readonly' } },
  },
  {
    files: ['**/*.ts'],
    extends: [eslint.configs.recommended, tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // A default clause is a decision; a switch without one must name every case.
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
    },
  },
  {
    files: ['test/**/*.ts', 'lab/**/*.ts', 'bench/**/*.ts'],
    rules: {
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      // vitest's asymmetric matchers are `any`.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      // What is looked for in the output of a terminal.
      'no-control-regex': 'off',
    },
  },
  {
    // Steps, seams and their stand-ins are async by contract, whether or not they wait.
    files: ['src/activities/**/*.ts', 'src/simulator/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts'],
    rules: { '@typescript-eslint/require-await': 'off' },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'no-console': 'error',
      ...restrictedImports(NO_PROCESSES, READ_ONLY_FILES, NODE_PREFIX),
      ...restrictedSyntax(SHELL, DYNAMIC_PROCESS, OPEN_TO_WRITE),
    },
  },
  {
    files: WRITES_FILES,
    rules: {
      ...restrictedImports(NO_PROCESSES, NODE_PREFIX),
      ...restrictedSyntax(SHELL, DYNAMIC_PROCESS),
    },
  },
  {
    files: STARTS_PROCESSES,
    rules: restrictedImports(READ_ONLY_FILES, NODE_PREFIX),
  },
  {
    // Keeps log files as well.
    files: ['src/demo/child-process.ts'],
    rules: restrictedImports(NODE_PREFIX),
  },
  {
    files: SANDBOX,
    rules: {
      '@typescript-eslint/no-restricted-imports': ['error', SANDBOX_IMPORTS],
      'no-restricted-globals': [
        'error',
        ...NOT_IN_SANDBOX.map((name) => ({ name, message: 'Not in the workflow sandbox.' })),
      ],
      ...restrictedSyntax(SHELL, DYNAMIC_PROCESS, ASYNC_VALIDATOR),
    },
  },
  {
    files: ['src/workflows/**/*.ts'],
    rules: restrictedSyntax(SHELL, DYNAMIC_PROCESS, ASYNC_VALIDATOR, PLAIN_ERROR),
  },
  {
    files: ['src/activities/**/*.ts'],
    rules: restrictedSyntax(SHELL, DYNAMIC_PROCESS, OPEN_TO_WRITE, PLAIN_ERROR),
  },
);
