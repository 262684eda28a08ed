import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { CommandHome, Outcome } from './command-home.js';
import { addAttachCommand } from './commands/attach.js';
import { addCareCommands } from './commands/care.js';
import { addDemoCommand } from './commands/demo.js';
import { addDetachCommand } from './commands/detach.js';
import { addExitCodesCommand } from './commands/exit-codes.js';
import { addHistoryCommand } from './commands/history.js';
import { addListCommand } from './commands/list.js';
import { addSchemaCommand } from './commands/schema.js';
import { addServerCommand } from './commands/server.js';
import { addSetupCommand } from './commands/setup.js';
import { addStatusCommand } from './commands/status.js';
import { addWorkerCommand } from './commands/worker.js';
import type { CliContext } from './context.js';

/** All commands. Their files load what they need only when they run, so that help is quick. */
export function buildProgram(context: CliContext): CommandHome {
  const program = new Command('mooring');
  const outcome: Outcome = { exitCode: 0, format: 'table' };
  program
    .description('Attaches and detaches iSCSI/multipath volumes, durably')
    .version(packageVersion())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      outputError: (text, write) => {
        write(text.replace(/^error: /, 'mooring: '));
      },
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showHelpAfterError('  what to do: see `mooring help`')
    .addHelpText(
      'after',
      '\nData goes to stdout, everything else to stderr. Exit codes: mooring help exit-codes',
    );
  const home: CommandHome = { program, context, outcome };
  addAttachCommand(home);
  addDetachCommand(home);
  addStatusCommand(home);
  addCareCommands(home);
  addListCommand(home);
  addHistoryCommand(home);
  addSchemaCommand(home);
  addSetupCommand(home);
  addServerCommand(home);
  addWorkerCommand(home);
  addDemoCommand(home);
  addExitCodesCommand(home);
  return home;
}

/** From the package file two folders up, in `src` and in `dist` alike. */
function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
