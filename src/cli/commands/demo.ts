import type { CommandHome } from '../command-home.js';
import { runCommand } from './run-command.js';

interface DemoOptions {
  readonly keep?: boolean;
}

/** `mooring demo` */
export function addDemoCommand(home: CommandHome): void {
  home.program
    .command('demo')
    .description('Show an attach, a crash and a detach on this machine, with simulated hosts')
    .option('--keep', 'leave everything running until Ctrl-C')
    .action(runCommand(home, (options: DemoOptions) => demo(home, options)));
}

async function demo({ context }: CommandHome, { keep = false }: DemoOptions): Promise<number> {
  const { runDemo } = await import('../../demo/demo.js');
  const { DemoInterrupted } = await import('../../demo/interruption.js');
  try {
    await runDemo({ keep, output: context.stdout });
    return 0;
  } catch (error) {
    if (error instanceof DemoInterrupted) return 130;
    if (!(error instanceof Error)) throw error;
    // Several lines: what did not go as told, and the last words of what did not start.
    context.stderr.write(`mooring: ${error.message}\n`);
    return 1;
  }
}
