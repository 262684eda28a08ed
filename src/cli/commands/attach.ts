import type { AttachRequestInput } from '../../model/attach-request.js';
import {
  addConnectionOptions,
  addOutputOptions,
  addTimeoutOption,
  type CommonOptions,
} from '../options.js';
import type { CommandHome } from '../command-home.js';
import { runCommand } from './run-command.js';

interface AttachOptions extends CommonOptions {
  readonly file: string;
  readonly requestId?: string;
  readonly requestedBy?: string;
  readonly reason?: string;
  readonly wait: boolean;
  readonly quiet?: boolean;
  readonly timeout?: number;
}

/** `mooring attach -f request.json` */
export function addAttachCommand(home: CommandHome): void {
  const command = home.program
    .command('attach')
    .description('Attach a volume to a host and wait for its device')
    .requiredOption('-f, --file <file>', 'the request as JSON; - for standard input')
    .option('--request-id <id>', 'repeats an earlier attach instead of asking for a new one')
    .option('--requested-by <who>', 'who asks, for the audit')
    .option('--reason <why>', 'why, for the audit')
    .option('--no-wait', 'return once the attach has begun')
    .option('-q, --quiet', 'no progress');
  addTimeoutOption(addOutputOptions(addConnectionOptions(command)))
    .addHelpText(
      'after',
      '\nThe form of a request: mooring schema attachRequest. Ctrl-C stops the waiting, not the work.',
    )
    .action(runCommand(home, (options: AttachOptions) => attach(home, options)));
}

async function attach({ context }: CommandHome, options: AttachOptions): Promise<number> {
  const { readRequest } = await import('../read-request.js');
  const { parseRequest } = await import('../../model/parse-request.js');
  const { attachRequestSchema } = await import('../../model/attach-request.js');
  const { runOperation } = await import('../run-operation.js');
  const { showAttachResult } = await import('../output/attachment-text.js');
  const given = await readRequest(options.file, context.stdin);
  const { requestId, requestedBy, reason } = options;
  const request = {
    ...given,
    ...(requestId === undefined ? {} : { requestId }),
    ...(requestedBy === undefined ? {} : { requestedBy }),
    ...(reason === undefined ? {} : { reason }),
  };
  // Before anything else: a malformed request needs no server to be refused.
  const checked: AttachRequestInput = parseRequest(attachRequestSchema, request);
  return runOperation({
    context,
    options,
    operation: 'attach',
    request: checked,
    start: (mooring, sent, call) => mooring.startAttach(sent, call),
    asText: showAttachResult,
  });
}
