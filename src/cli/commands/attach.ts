import { Option, type Command } from 'commander';
import type { AttachRequestInput } from '../../model/attach-request.js';
import {
  addConnectionOptions,
  addOutputOptions,
  addTimeoutOption,
  OUTPUT_FORMATS,
  type CommonOptions,
} from '../options.js';
import type { CommandHome } from '../command-home.js';
import { runCommand } from './run-command.js';

/** `device-info` is what os-brick returns for an attach. */
const ATTACH_FORMATS = [...OUTPUT_FORMATS, 'device-info'] as const;
type AttachFormat = (typeof ATTACH_FORMATS)[number];

interface AttachOptions extends Omit<CommonOptions, 'output'> {
  readonly output: AttachFormat;
  readonly file?: string;
  readonly cinder?: string;
  readonly volumeId?: string;
  readonly host?: string;
  readonly secretRef?: string;
  readonly discoverySecretRef?: string;
  readonly multipath?: 'required' | 'preferred' | 'off';
  readonly discovery?: boolean;
  readonly requestId?: string;
  readonly requestedBy?: string;
  readonly reason?: string;
  readonly wait: boolean;
  readonly quiet?: boolean;
  readonly timeout?: number;
}

/** `mooring attach -f request.json`, `mooring attach --cinder connection.json --host db-17` */
export function addAttachCommand(home: CommandHome): void {
  const command = home.program
    .command('attach')
    .description('Attach a volume to a host and wait for its device')
    .option('-f, --file <file>', 'the request as JSON; - for standard input')
    .addOption(
      new Option(
        '--cinder <file>',
        'instead: the connection as a Cinder driver gives it, as JSON; - for standard input',
      ).conflicts('file'),
    );
  for (const option of cinderOptions()) command.addOption(option.conflicts('file'));
  command
    .option('--request-id <id>', 'repeats an earlier attach instead of asking for a new one')
    .option('--requested-by <who>', 'who asks, for the audit')
    .option('--reason <why>', 'why, for the audit')
    .option('--no-wait', 'return once the attach has begun')
    .option('-q, --quiet', 'no progress');
  addTimeoutOption(addOutputOptions(addConnectionOptions(command), ATTACH_FORMATS))
    .addHelpText(
      'after',
      '\nThe form of a request: mooring schema attachRequest. Connections of Cinder: docs/cinder.md.' +
        '\nCtrl-C stops the waiting, not the work.',
    )
    .action(
      runCommand(home, (options: AttachOptions) => {
        refuseCombinations(command, options);
        return attach(home, options);
      }),
    );
}

/** What a connection of Cinder does not say. */
function cinderOptions(): readonly Option[] {
  return [
    new Option(
      '--volume-id <id>',
      'with --cinder: the volume; default: volume_id of the connection',
    ),
    new Option('--host <id>', 'with --cinder: the host'),
    new Option(
      '--secret-ref <ref>',
      'with --cinder: where the host has the CHAP secret, file:NAME',
    ),
    new Option('--discovery-secret-ref <ref>', 'with --cinder: the same for the discovery'),
    new Option('--multipath <mode>', 'with --cinder').choices(['required', 'preferred', 'off']),
    new Option('--discovery', 'with --cinder: ask the main portal for others'),
    new Option('--no-discovery', 'with --cinder: the main portal is the only one'),
  ];
}

/** What commander cannot say of options. */
function refuseCombinations(
  command: Command,
  { file, cinder, host, output, wait }: AttachOptions,
): void {
  if (file === undefined && cinder === undefined) {
    command.error("error: required option '-f, --file <file>' or '--cinder <file>' not specified");
  }
  if (cinder !== undefined && host === undefined) {
    command.error("error: option '--cinder <file>' needs option '--host <id>'");
  }
  if (output === 'device-info' && !wait) {
    command.error("error: option '-o device-info' cannot be used with option '--no-wait'");
  }
}

async function attach({ context }: CommandHome, options: AttachOptions): Promise<number> {
  const { parseRequest } = await import('../../model/parse-request.js');
  const { attachRequestSchema } = await import('../../model/attach-request.js');
  const { runOperation } = await import('../run-operation.js');
  const { showAttachResult } = await import('../output/attachment-text.js');
  const { toDeviceInfo } = await import('../../client/cinder/device-info.js');
  // Before anything else: a malformed request needs no server to be refused.
  const request: AttachRequestInput = parseRequest(attachRequestSchema, {
    ...(await givenRequest(context, options)),
    ...auditOf(options),
  });
  const isDeviceInfo = options.output === 'device-info';
  return runOperation({
    context,
    options: { ...options, output: options.output === 'table' ? 'table' : 'json' },
    operation: 'attach',
    request,
    start: (mooring, sent, call) => mooring.startAttach(sent, call),
    asText: showAttachResult,
    ...(isDeviceInfo ? { asData: toDeviceInfo } : {}),
  });
}

async function givenRequest(
  context: CommandHome['context'],
  options: AttachOptions,
): Promise<object> {
  const { readRequest } = await import('../read-request.js');
  if (options.cinder === undefined) return readRequest(options.file ?? '-', context.stdin);
  const { fromCinder } = await import('../../client/cinder/from-cinder.js');
  const { volumeId, host = '', secretRef, discoverySecretRef, multipath, discovery } = options;
  return fromCinder(await readRequest(options.cinder, context.stdin), {
    volumeId,
    hostId: host,
    multipath,
    secretRef,
    discoverySecretRef,
    discovery,
    onWarning: (warning) => {
      context.stderr.write(`warning: ${warning}\n`);
    },
  });
}

function auditOf({ requestId, requestedBy, reason }: AttachOptions): object {
  return {
    ...(requestId === undefined ? {} : { requestId }),
    ...(requestedBy === undefined ? {} : { requestedBy }),
    ...(reason === undefined ? {} : { reason }),
  };
}
