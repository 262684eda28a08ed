import type { Command } from 'commander';
import type { MooringClient } from '../../client/mooring-client.js';
import type { CallOptions } from '../../client/operation.js';
import {
  addConnectionOptions,
  addOutputOptions,
  addTimeoutOption,
  type CommonOptions,
} from '../options.js';
import type { CommandHome } from '../command-home.js';
import { runCommand } from './run-command.js';

/** What all of these take. */
interface CareOptions extends CommonOptions {
  readonly host?: string;
  readonly requestedBy?: string;
  readonly reason?: string;
  readonly timeout?: number;
  readonly refuse?: boolean;
  readonly evenIfAlive?: string;
}

/** Which attachment, and who asks. */
interface CareRequest {
  readonly volumeId: string;
  readonly hostId: string;
  readonly requestedBy?: string;
  readonly reason?: string;
}

/** One command: what it asks of an attachment and how it shows the answer. */
interface Care<Result> {
  readonly ask: (
    mooring: MooringClient,
    request: CareRequest,
    options: CareOptions,
    call: CallOptions,
  ) => Promise<Result>;
  readonly asText: (result: Result) => string | Promise<string>;
}

/** `mooring verify|repair|approve|abandon VOLUME` */
export function addCareCommands(home: CommandHome): void {
  const { program } = home;
  addCare(
    home,
    program.command('verify').description('Compare the host with the ledger; changes nothing'),
    {
      ask: (mooring, request, _options, call) => mooring.verify(request, call),
      asText: async (result) => (await import('../output/plan-text.js')).showVerification(result),
    },
  );
  addCare(
    home,
    program.command('repair').description('Bring up missing paths, and the device over them'),
    {
      ask: (mooring, request, _options, call) => mooring.repair(request, call),
      asText: async (result) =>
        (await import('../output/attachment-text.js')).showAttachResult(result),
    },
  );
  addCare(
    home,
    program
      .command('approve')
      .description('Decide on the step a forced detach waits with, because it may lose data')
      .option('--refuse', 'refuse instead: the detach fails and nothing is removed'),
    {
      ask: (mooring, request, { refuse }, call) =>
        mooring.approve(
          { ...stated(request), decision: refuse === true ? 'refuse' : 'approve' },
          call,
        ),
      asText: (question) => `decided: ${question}`,
    },
  );
  addCare(
    home,
    program
      .command('abandon')
      .description('State that a host is gone for good: its volume is given free')
      .option('--even-if-alive <why>', 'why, although the worker of the host still answers'),
    {
      ask: (mooring, request, { evenIfAlive }, call) =>
        mooring.abandon(
          { ...stated(request), ...(evenIfAlive === undefined ? {} : { evenIfAlive }) },
          call,
        ),
      asText: ({ volumeId, hostId, cleanup }) =>
        `${volumeId} is abandoned on ${hostId}; ${cleanup} cleans the host when it comes back`,
    },
  );
}

/** What a person states is checked by the schema, which names the field. */
function stated(request: CareRequest): CareRequest & { requestedBy: string; reason: string } {
  return { requestedBy: '', reason: '', ...request };
}

function addCare<Result>(home: CommandHome, command: Command, care: Care<Result>): void {
  command
    .argument('<volume>', 'volume id')
    .option('--host <id>', 'its host; needed only when several hosts share the volume')
    .option('--requested-by <who>', 'who asks, for the audit')
    .option('--reason <why>', 'why, for the audit');
  addTimeoutOption(addOutputOptions(addConnectionOptions(command))).action(
    runCommand(home, async (options: CareOptions, volumeId: string) => {
      const { withClient } = await import('../with-client.js');
      const { onItsHost } = await import('../on-its-host.js');
      const { printData } = await import('../output/print.js');
      const { host, requestedBy, reason, timeout } = options;
      return withClient(home.context, options, async (mooring) => {
        const request = await onItsHost(mooring, {
          volumeId,
          ...(host === undefined ? {} : { hostId: host }),
          ...(requestedBy === undefined ? {} : { requestedBy }),
          ...(reason === undefined ? {} : { reason }),
        });
        const call = timeout === undefined ? {} : { timeoutMs: timeout };
        const result = await care.ask(mooring, request, options, call);
        const text = await care.asText(result);
        printData(home.context, options.output, result, () => text);
        return 0;
      });
    }),
  );
}
