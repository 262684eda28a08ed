import { connect, readConnectionSettings } from '../client/connection.js';
import { MooringClient } from '../client/mooring-client.js';
import type { CliContext } from './context.js';
import type { CommonOptions } from './options.js';

/** Connects, runs, closes. */
export async function withClient<Result>(
  context: CliContext,
  { address, namespace, profile }: Partial<CommonOptions>,
  use: (mooring: MooringClient) => Promise<Result>,
): Promise<Result> {
  const flags = {
    ...(address === undefined ? {} : { address }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(profile === undefined ? {} : { profile }),
  };
  const client = await connect(readConnectionSettings(flags, context.env));
  try {
    return await use(new MooringClient(client));
  } finally {
    await client.connection.close();
  }
}
