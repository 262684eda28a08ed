import { describeExitCodes } from '../exit-codes.js';
import type { CommandHome } from '../command-home.js';
import { runCommand } from './run-command.js';

/** `mooring help exit-codes` */
export function addExitCodesCommand(home: CommandHome): void {
  const { context, program } = home;
  program
    .command('exit-codes')
    .description('List the exit codes and what they mean')
    .addHelpText('after', `\n${describeExitCodes()}`)
    .action(
      runCommand(home, () => {
        context.stdout.write(`${describeExitCodes()}\n`);
        return Promise.resolve(0);
      }),
    );
}
