import { buildHosts, parseSimulatorConfig } from './process/process-config.js';
import { serveSimulatedHosts } from './process/simulator-server.js';

/**
 * Entry of a process that is nothing but simulated hosts: `node simulator-process.js '<config>'`,
 * or with the config in `MOORING_SIMULATOR_CONFIG`. Says `{"listening":"<socket>"}` on its standard
 * output when it is ready; ends at TERM or INT, and with it everything its hosts knew.
 */
const text = process.argv[2] ?? process.env['MOORING_SIMULATOR_CONFIG'];
if (text === undefined) throw new RangeError('config: give it as argument or in the environment');
const config = parseSimulatorConfig(text);
const server = await serveSimulatedHosts({
  socketPath: config.socketPath,
  hosts: buildHosts(config),
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => void server.close().then(() => process.exit(0)));
}
process.stdout.write(`${JSON.stringify({ listening: config.socketPath })}\n`);
