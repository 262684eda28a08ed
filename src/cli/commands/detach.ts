import type { DetachRequestInput } from '../../model/detach-request.js';
import {
  addConnectionOptions,
  addOutputOptions,
  addTimeoutOption,
  type CommonOptions,
} from '../options.js';
import type { CliContext } from '../context.js';
import type { CommandHome } from '../command-home.js';
import { runCommand } from './run-command.js';

interface DetachOptions extends CommonOptions {
  readonly file?: string;
  readonly host?: string;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly requestId?: string;
  readonly requestedBy?: string;
  readonly reason?: string;
  readonly wait: boolean;
  readonly quiet?: boolean;
  readonly timeout?: number;
}

/** `mooring detach VOLUME` */
export function addDetachCommand(home: CommandHome): void {
  const command = home.program
    .command('detach')
    .description('Detach a volume: write back, remove, release')
    .argument('[volume]', 'volume id')
    .option('--host <id>', 'its host; needed only when several hosts share the volume')
    .option('-f, --file <file>', 'the request as JSON instead; - for standard input')
    .option('--force', 'ask for what may lose data; a person must approve it')
    .option('--dry-run', 'show the steps, commands and gates, and change nothing')
    .option('--request-id <id>', 'repeats an earlier detach instead of asking for a new one')
    .option('--requested-by <who>', 'who asks, for the audit')
    .option('--reason <why>', 'why, for the audit')
    .option('--no-wait', 'return once the detach has begun')
    .option('-q, --quiet', 'no progress');
  addTimeoutOption(addOutputOptions(addConnectionOptions(command)))
    .addHelpText(
      'after',
      '\nWaits for a host that is away. Ctrl-C stops the waiting, not the work.',
    )
    .action(
      runCommand(home, (options: DetachOptions, volume: string | undefined) =>
        detach(home, options, volume),
      ),
    );
}

async function detach(
  { context }: CommandHome,
  options: DetachOptions,
  volume: string | undefined,
): Promise<number> {
  const { readRequest } = await import('../read-request.js');
  const { parseRequest } = await import('../../model/parse-request.js');
  const { detachRequestSchema } = await import('../../model/detach-request.js');
  const { runOperation } = await import('../run-operation.js');
  const { showDetachResult } = await import('../output/attachment-text.js');
  const { file, host, force, requestId, requestedBy, reason } = options;
  const given = file === undefined ? {} : await readRequest(file, context.stdin);
  const request = {
    ...given,
    ...(volume === undefined ? {} : { volumeId: volume }),
    ...(host === undefined ? {} : { hostId: host }),
    ...(force === true ? { mode: 'force' } : {}),
    ...(requestId === undefined ? {} : { requestId }),
    ...(requestedBy === undefined ? {} : { requestedBy }),
    ...(reason === undefined ? {} : { reason }),
  };
  // Before anything else: a malformed request needs no server to be refused.
  const checked = parseRequest(detachRequestSchema.partial({ hostId: true }), request);
  if (options.dryRun === true) return showPlanned(context, options, checked);
  const { onItsHost } = await import('../on-its-host.js');
  return runOperation({
    context,
    options,
    operation: 'detach',
    request: checked,
    start: async (mooring, sent, call) => mooring.startDetach(await onItsHost(mooring, sent), call),
    asText: showDetachResult,
  });
}

/** What the detach would do. */
async function showPlanned(
  context: CliContext,
  options: DetachOptions,
  request: Omit<DetachRequestInput, 'hostId'> & { readonly hostId?: string | undefined },
): Promise<number> {
  const { withClient } = await import('../with-client.js');
  const { onItsHost } = await import('../on-its-host.js');
  const { printData } = await import('../output/print.js');
  const { showPlan } = await import('../output/plan-text.js');
  const { EXIT_CODES } = await import('../exit-codes.js');
  return withClient(context, options, async (mooring) => {
    const { timeout, output } = options;
    const call = timeout === undefined ? {} : { timeoutMs: timeout };
    const plan = await mooring.plan(
      { ...(await onItsHost(mooring, request)), operation: 'detach' },
      call,
    );
    printData(context, output, plan, () => showPlan(plan));
    return plan.possible ? EXIT_CODES.ok.code : EXIT_CODES.refused.code;
  });
}
