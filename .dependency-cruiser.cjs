/**
 * Who may import whom (docs/architecture.md, "Rooms"). Run by `npm run check`.
 *
 * `run`: rooms imported at run time · `type`: rooms of which only types are imported · `packages`:
 * npm packages · `builtins`: whether Node's own modules are there. What is not listed is forbidden.
 */
const ROOMS = {
  contract: { run: [], type: ['model'], packages: ['@temporalio/common'] },
  model: { run: ['contract'], type: [], packages: ['zod'] },
  host: { run: ['model', 'contract'], type: [], packages: [] },
  privileged: {
    run: ['host', 'model', 'contract'],
    type: [],
    packages: ['execa'],
    builtins: true,
  },
  activities: {
    run: ['host', 'privileged', 'model', 'contract'],
    type: [],
    packages: ['@temporalio/activity', '@temporalio/common'],
    typePackages: ['zod'],
    builtins: true,
  },
  workflows: {
    run: ['contract'],
    type: ['activities', 'model'],
    packages: ['@temporalio/workflow', '@temporalio/common'],
  },
  worker: {
    run: ['activities', 'privileged', 'host', 'model', 'contract'],
    type: [],
    packages: [
      '@temporalio/activity',
      '@temporalio/client',
      '@temporalio/common',
      '@temporalio/envconfig',
      '@temporalio/worker',
      'pino',
      'zod',
    ],
    builtins: true,
  },
  client: {
    run: ['workflows/messages.ts', 'model', 'contract'],
    type: ['workflows'],
    packages: ['@temporalio/client', '@temporalio/common', '@temporalio/envconfig', 'zod'],
    builtins: true,
  },
  simulator: {
    run: ['host', 'model', 'contract'],
    type: ['privileged'],
    packages: [],
    builtins: true,
  },
  cli: {
    run: ['client', 'model', 'contract'],
    type: [],
    packages: ['commander', 'picocolors', 'zod'],
    typePackages: ['@temporalio/client'],
    builtins: true,
  },
};

/** Commands that start a worker, a server or the demo may reach into those rooms. */
const STARTING_COMMANDS = '^src/cli/commands/(worker|server|demo|setup)[^/]*\\.ts$';

/** execa starts processes: the verbs' runner, the privileged helper, our own programs. */
const STARTS_PROCESSES = '^src/(privileged/(execa-runner|helper-process)|demo/child-process)\\.ts$';

/** Matches everything in rooms, or one file of a room. */
function inRooms(rooms) {
  return rooms.map((room) => (room.endsWith('.ts') ? `^src/${room}$` : `^src/${room}/`));
}

function inPackages(packages) {
  return packages.map((name) => `(^|/)node_modules/(@types/)?${name}/`);
}

const ALL_PACKAGES = '(^|/)node_modules/';

const roomRules = Object.entries(ROOMS).flatMap(
  ([room, { run, type, packages, typePackages = [], builtins = false }]) => {
    const from = {
      path: `^src/${room}/`,
      ...(room === 'cli' ? { pathNot: STARTING_COMMANDS } : {}),
    };
    const rule = (name, comment, to) => ({ name, severity: 'error', comment, from, to });
    return [
      rule(
        `${room}-runs`,
        `At run time src/${room} reaches: ${run.join(', ') || 'no other room'}.`,
        {
          path: '^src/',
          pathNot: inRooms([room, ...run]),
          dependencyTypesNot: ['type-only'],
        },
      ),
      rule(`${room}-knows`, `Types in src/${room} are from: ${[...run, ...type].join(', ')}.`, {
        path: '^src/',
        pathNot: inRooms([room, ...run, ...type]),
        dependencyTypes: ['type-only'],
      }),
      rule(`${room}-packages`, `Packages of src/${room}: ${packages.join(', ') || 'none'}.`, {
        path: ALL_PACKAGES,
        pathNot: inPackages([...packages]),
        dependencyTypesNot: ['type-only'],
      }),
      rule(`${room}-type-packages`, `Packages whose types src/${room} may use.`, {
        path: ALL_PACKAGES,
        pathNot: inPackages([...packages, ...typePackages]),
        dependencyTypes: ['type-only'],
      }),
      ...(builtins
        ? []
        : [rule(`${room}-builtins`, 'No Node here.', { dependencyTypes: ['core'] })]),
    ];
  },
);

module.exports = {
  forbidden: [
    ...roomRules,
    {
      name: 'room-unknown',
      severity: 'error',
      comment: 'A new room needs its line in ROOMS.',
      from: { path: '^src/', pathNot: inRooms([...Object.keys(ROOMS), 'demo']) },
      to: {},
    },
    {
      name: 'execa-in-one-place',
      severity: 'error',
      comment: 'One file runs commands, one starts the helper, one starts our own programs.',
      from: { path: '^src/', pathNot: STARTS_PROCESSES },
      to: { path: inPackages(['execa']) },
    },
    {
      name: 'child-process-in-one-place',
      severity: 'error',
      comment: 'One file runs commands, one starts the helper, one starts our own programs.',
      from: { path: '^src/', pathNot: STARTS_PROCESSES },
      to: { dependencyTypes: ['core'], path: '^(node:)?(child_process|cluster|worker_threads)$' },
    },
    {
      name: 'cli-starts-nothing',
      severity: 'error',
      comment:
        'The commands that start something may reach worker and demo, and no other room more.',
      from: { path: STARTING_COMMANDS },
      to: { path: '^src/', pathNot: inRooms(['cli', ...ROOMS.cli.run, 'worker', 'demo']) },
    },
    {
      name: 'shipped-imports-no-tests',
      severity: 'error',
      comment: 'Nothing in src imports tests, lab or benchmarks.',
      from: { path: '^src/' },
      to: { path: '^(test|lab|bench|scripts)/' },
    },
    {
      name: 'no-cycle',
      severity: 'error',
      comment: 'No cycles, also inside a room and also of types.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphan',
      severity: 'error',
      comment: 'A file that imports nothing and that nothing imports. One is bundled by its path.',
      from: { orphan: true, path: '^src/', pathNot: '^src/workflows/short-stacks\\.ts$' },
      to: {},
    },
    {
      name: 'resolvable',
      severity: 'error',
      comment: 'The file or package is there.',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'listed-dependency',
      severity: 'error',
      comment: 'What src imports is in `dependencies`, not there by accident or for development.',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'npm-bundled'],
        dependencyTypesNot: ['type-only'],
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    // Sees `import type` as well, so that type-only edges can be told from the others.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.d.ts'],
    },
  },
};
