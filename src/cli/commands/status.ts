import type { MooringClient } from '../../client/mooring-client.js';
import type { AttachmentName } from '../../client/find-attachment.js';
import type { CliContext } from '../context.js';
import { addConnectionOptions, addOutputOptions, type CommonOptions } from '../options.js';
import type { CommandHome } from '../command-home.js';
import { runCommand } from './run-command.js';

interface StatusOptions extends CommonOptions {
  readonly host?: string;
  readonly follow?: boolean;
}

/** `mooring status VOLUME` */
export function addStatusCommand(home: CommandHome): void {
  const command = home.program
    .command('status')
    .description('Show the state of an attachment: device, paths, failures')
    .argument('<volume>', 'volume id')
    .option('--host <id>', 'its host; needed only when several hosts share the volume')
    .option('--follow', 'first follow the operation that is under way to its end');
  addOutputOptions(addConnectionOptions(command)).action(
    runCommand(home, (options: StatusOptions, volume: string) => status(home, options, volume)),
  );
}

async function status(
  { context }: CommandHome,
  options: StatusOptions,
  volumeId: string,
): Promise<number> {
  const { withClient } = await import('../with-client.js');
  const { showAttachment } = await import('../output/attachment-text.js');
  const { printData } = await import('../output/print.js');
  const { output, host, follow = false } = options;
  return withClient(context, options, async (mooring) => {
    const name = { volumeId, ...(host === undefined ? {} : { hostId: host }) };
    if (follow && (await followOperation(context, options, mooring, name)) === 'left') return 130;
    const view = await mooring.state(volumeId, host);
    const steps = await mooring.history(volumeId, name);
    const underWay = steps.filter(
      ({ kind, endedAt }) => kind === 'activity' && endedAt === undefined,
    );
    printData(context, output, { ...view, underWay }, () => showAttachment(view, underWay));
    return 0;
  });
}

/** Follows the latest operation that is under way, if there is one. */
async function followOperation(
  context: CliContext,
  options: StatusOptions,
  mooring: MooringClient,
  name: AttachmentName,
): Promise<'ended' | 'left'> {
  const { createProgress } = await import('../output/create-progress.js');
  const { Interrupted, untilInterrupted } = await import('../until-interrupted.js');
  const { workflowId, runId } = await mooring.find(name);
  const steps = await mooring.history(name.volumeId, { ...name, runId });
  const operation = steps.findLast(
    ({ kind, endedAt }) => kind === 'update' && endedAt === undefined,
  );
  if (operation?.updateId === undefined) return 'ended';
  const target = { workflowId, runId, updateId: operation.updateId };
  const progress = createProgress(context, options);
  try {
    await untilInterrupted(context, async (signal) => {
      for await (const event of mooring.follow(target, { signal })) progress.show(event);
    });
    return 'ended';
  } catch (error) {
    if (error instanceof Interrupted) return 'left';
    throw error;
  } finally {
    progress.end();
  }
}
