import { addConnectionOptions, addOutputOptions, type CommonOptions } from '../options.js';
import type { CommandHome } from '../command-home.js';
import { runCommand } from './run-command.js';

interface SetupOptions extends CommonOptions {
  readonly createNamespace?: boolean;
}

/** `mooring setup` */
export function addSetupCommand(home: CommandHome): void {
  const command = home.program
    .command('setup')
    .description('Make a namespace fit for mooring: search attributes. May be repeated')
    .option('--create-namespace', 'make the namespace when there is none');
  addOutputOptions(addConnectionOptions(command)).action(
    runCommand(home, (options: SetupOptions) => setup(home, options)),
  );
}

async function setup({ context }: CommandHome, options: SetupOptions): Promise<number> {
  const { connectFor } = await import('../with-client.js');
  const { setUpNamespace } = await import('../../worker/setup.js');
  const { orRefusal } = await import('./worker-refusal.js');
  const { printData } = await import('../output/print.js');
  const client = await connectFor(context, options);
  try {
    const { namespace } = client.options;
    const { createNamespace = false } = options;
    const result = await orRefusal(() =>
      setUpNamespace({ connection: client.connection, namespace, createNamespace }),
    );
    printData(context, options.output, result, () =>
      [
        ...(result.namespaceCreated ? [`Namespace ${namespace} was made.`] : []),
        result.registered.length === 0
          ? 'All search attributes were there already.'
          : `Registered search attributes: ${result.registered.join(', ')}.`,
        `Namespace ${namespace} is ready.`,
      ].join('\n'),
    );
    return 0;
  } finally {
    await client.connection.close();
  }
}
