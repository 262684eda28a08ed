import type { Command } from 'commander';
import type { SettingSources } from '../../worker/settings.js';
import { addConnectionOptions, type CommonOptions } from '../options.js';
import type { CommandHome } from '../command-home.js';
import { runCommand } from './run-command.js';

/** Flags by the names the settings have; what they may be is the settings' business. */
interface WorkerOptions extends Partial<CommonOptions> {
  readonly logLevel?: string;
  readonly metricsAddress?: string;
}

interface HostWorkerOptions extends WorkerOptions {
  readonly hostId?: string;
  readonly secretsDirectory?: string;
  readonly simulated?: string;
  readonly runAs?: string;
}

/** `mooring worker control` and `mooring worker host` */
export function addWorkerCommand(home: CommandHome): void {
  const worker = home.program.command('worker').description('Run a worker until it is told to end');
  addWorkerOptions(
    worker
      .command('control')
      .description('Run workflows, and steps that need no host; any number side by side'),
  ).action(runCommand(home, (options: WorkerOptions) => runControl(home, options)));
  addWorkerOptions(
    worker
      .command('host')
      .description('Run the steps of one host, on that host')
      .option('--host-id <id>', "this host's configured name (MOORING_HOST_ID)")
      .option('--secrets-directory <path>', 'where secrets are (MOORING_SECRETS_DIRECTORY)')
      .option('--simulated <socket>', 'a simulated host instead (MOORING_SIMULATED_HOST)')
      .option(
        '--run-as <user>',
        'drop to this user once the privileged helper runs (MOORING_RUN_AS)',
      ),
  ).action(runCommand(home, (options: HostWorkerOptions) => runHost(home, options)));
}

function addWorkerOptions(command: Command): Command {
  return addConnectionOptions(command)
    .option('--log-level <level>', 'trace, debug, info, warn or error (MOORING_LOG_LEVEL)')
    .option('--metrics-address <ip:port>', 'serve metrics there (MOORING_METRICS_ADDRESS)');
}

async function runControl(home: CommandHome, options: WorkerOptions): Promise<number> {
  const { MooringClient } = await import('../../client/mooring-client.js');
  const { runControlWorker } = await import('../../worker/control-worker.js');
  const { readControlSettings } = await import('../../worker/settings.js');
  const { orRefusal } = await import('./worker-refusal.js');
  const sources = await settingSources(home, options);
  await orRefusal(() =>
    runControlWorker(readControlSettings(sources), {
      openEntities: (client) => new MooringClient(client),
    }),
  );
  return 0;
}

async function runHost(home: CommandHome, options: HostWorkerOptions): Promise<number> {
  const { runHostWorker } = await import('../../worker/host-worker.js');
  const { readHostSettings } = await import('../../worker/settings.js');
  const { orRefusal } = await import('./worker-refusal.js');
  const sources = await settingSources(home, options);
  await orRefusal(async () => {
    const settings = readHostSettings(sources);
    const { simulatedHost, hostId } = settings;
    await runHostWorker(settings, {
      openHost: async () => {
        if (simulatedHost === undefined) {
          const { openThisMachine } = await import('../../worker/host-seams.js');
          return openThisMachine();
        }
        const { openSimulatedHost } = await import('../../demo/simulated-hosts-seams.js');
        return openSimulatedHost({ socketPath: simulatedHost, hostId });
      },
    });
  });
  return 0;
}

async function settingSources(
  { context }: CommandHome,
  options: HostWorkerOptions,
): Promise<SettingSources> {
  const { readConnectionSettings } = await import('../../client/connection.js');
  const { connectionFlags } = await import('../with-client.js');
  const { logLevel, metricsAddress, hostId, secretsDirectory, simulated, runAs } = options;
  return {
    temporal: readConnectionSettings(connectionFlags(options), context.env),
    flags: {
      logLevel,
      metricsAddress,
      hostId,
      secretsDirectory,
      simulated,
      runAs,
    },
    environment: context.env,
  };
}
