import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { MooringClient } from '../../src/client/mooring-client.js';
import { startDevServer, type DevServer } from '../../src/demo/dev-server.js';
import { injectedServer } from './injected-server.js';
import { Fleet } from './in-process-fleet.js';

/** What a test file has to itself. */
export interface OwnFleet {
  /** For what lives as long as the fleet. */
  readonly directory: string;
  readonly fleet: Fleet;
  readonly mooring: MooringClient;
}

/**
 * A fleet on a Temporal server of its own, from before the first test of a file to after the last: on
 * the shared server the control workers of other files would step in.
 *
 * @param dynamicConfig - settings of the server, as `name=value`
 */
export function useOwnFleet(dynamicConfig: readonly string[] = []): () => OwnFleet {
  let server: DevServer;
  let own: OwnFleet;
  beforeAll(async () => {
    const directory = await mkdtemp(join(tmpdir(), 'mooring-own-fleet-'));
    const logFile = join(directory, 'server.log');
    server = await startDevServer({ headless: true, logFile, dynamicConfig });
    const fleet = await Fleet.start({ ...injectedServer(), temporalAddress: server.address });
    own = { directory, fleet, mooring: new MooringClient(fleet.client) };
  });
  afterAll(async () => {
    await own.fleet.stop();
    await server.stop();
    await rm(own.directory, { recursive: true, force: true });
  });
  return () => own;
}
