import { addConnectionOptions, addOutputOptions, type CommonOptions } from '../options.js';
import type { CommandHome } from '../command-home.js';
import { runCommand } from './run-command.js';

interface HistoryOptions extends CommonOptions {
  readonly host?: string;
  readonly run?: string;
  readonly follow?: boolean;
}

/** `mooring history VOLUME` */
export function addHistoryCommand(home: CommandHome): void {
  const command = home.program
    .command('history')
    .description(
      'Show what was done to an attachment, step by step: who, where, when, how it ended',
    )
    .argument('<volume>', 'volume id')
    .option('--host <id>', 'its host; needed only when several hosts share the volume')
    .option('--run <id>', 'an earlier run, from `mooring list --all`; default: the latest')
    .option('--follow', 'show steps as they happen, until the attachment closes');
  addOutputOptions(addConnectionOptions(command)).action(
    runCommand(home, (options: HistoryOptions, volume: string) => history(home, options, volume)),
  );
}

async function history(
  home: CommandHome,
  options: HistoryOptions,
  volumeId: string,
): Promise<number> {
  const { context } = home;
  const { withClient } = await import('../with-client.js');
  const { printData } = await import('../output/print.js');
  const { renderHistory } = await import('../output/history-table.js');
  const { output, host, run, follow = false } = options;
  if (follow) return followHistory(home, options, volumeId);
  return withClient(context, options, async (mooring) => {
    const steps = await mooring.history(volumeId, {
      ...(host === undefined ? {} : { hostId: host }),
      ...(run === undefined ? {} : { runId: run }),
    });
    printData(context, output, steps, () => renderHistory(steps));
    return 0;
  });
}

/** As data: one line an event on stdout, as JSON or for people. */
async function followHistory(
  { context }: CommandHome,
  options: HistoryOptions,
  volumeId: string,
): Promise<number> {
  const { withClient } = await import('../with-client.js');
  const { PlainProgress } = await import('../output/plain-progress.js');
  const { colorsFor } = await import('../output/colors.js');
  const { printJsonLine } = await import('../output/json.js');
  const { Interrupted, untilInterrupted } = await import('../until-interrupted.js');
  const { output, host, color } = options;
  const name = { volumeId, ...(host === undefined ? {} : { hostId: host }) };
  const lines = new PlainProgress(context.stdout, colorsFor(context, context.stdout, color));
  return withClient(context, options, async (mooring) => {
    try {
      await untilInterrupted(context, async (signal) => {
        for await (const event of mooring.follow(name, { signal })) {
          if (output === 'json') printJsonLine(context, event);
          else lines.show(event);
        }
      });
      return 0;
    } catch (error) {
      if (error instanceof Interrupted) return 130;
      throw error;
    }
  });
}
