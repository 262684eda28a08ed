import type { Client } from '@temporalio/client';
import { connect, readConnectionSettings, type ConnectionFlags } from '../client/connection.js';
import { MooringClient } from '../client/mooring-client.js';
import type { CliContext } from './context.js';
import type { CommonOptions } from './options.js';

/** Connects, runs, closes. */
export async function withClient<Result>(
  context: CliContext,
  options: Partial<CommonOptions>,
  use: (mooring: MooringClient) => Promise<Result>,
): Promise<Result> {
  const client = await connectFor(context, options);
  try {
    return await use(new MooringClient(client));
  } finally {
    await client.connection.close();
  }
}

/** Connects to the server a command line means. */
export function connectFor(context: CliContext, options: Partial<CommonOptions>): Promise<Client> {
  return connect(readConnectionSettings(connectionFlags(options), context.env));
}

/** What a command line says about the server. */
export function connectionFlags({
  address,
  namespace,
  profile,
}: Partial<CommonOptions>): ConnectionFlags {
  return {
    ...(address === undefined ? {} : { address }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(profile === undefined ? {} : { profile }),
  };
}
