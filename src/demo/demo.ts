import { randomBytes } from 'node:crypto';
import { DemoFleet } from './demo-fleet.js';
import { createPlan } from './demo-plan.js';
import { DemoScreen } from './demo-screen.js';
import { findDemoServer, type DemoServer } from './demo-server.js';
import { DemoStory } from './demo-story.js';
import { Interruption } from './interruption.js';
import { createTemporaryDirectory } from './temporary-directory.js';
import type { TextOutput } from '../cli/context.js';

/** From the start of the workers to the last line. The server's program may have to be fetched first. */
const DEMO_MS = 55_000;

export interface DemoOptions {
  /** Leaves everything running until Ctrl-C. */
  readonly keep: boolean;
  readonly output: TextOutput;
}

/**
 * Shows the main job on this machine: a Temporal server, workers, two simulated hosts; an attach, a
 * detach that survives the death of its worker, the history. Whatever happens, no process and no
 * file of it is left.
 *
 * Uses the server named by `TEMPORAL_ADDRESS` when there is one.
 *
 * @throws DemoInterrupted on Ctrl-C; Error when something does not go as told
 */
export async function runDemo({ keep, output }: DemoOptions): Promise<void> {
  const screen = new DemoScreen(output);
  const interruption = new Interruption();
  const directory = createTemporaryDirectory('mooring-demo');
  let server: DemoServer | undefined;
  let fleet: DemoFleet | undefined;
  const perform = async (): Promise<void> => {
    screen.line('Starting a Temporal server, three workers and two simulated hosts ...');
    server = await findDemoServer(directory.path, (line) => screen.line(line));
    const plan = createPlan(server.isForeign ? `-${randomBytes(3).toString('hex')}` : '');
    fleet = await DemoFleet.create({ server, plan, directory: directory.path });
    await fleet.start();
    await new DemoStory(fleet, plan, screen).tell();
    showServer(server, screen);
  };
  try {
    await interruption.during(perform());
    if (keep) {
      screen.line('Everything goes on running; Ctrl-C ends it.');
      await interruption.wait();
    }
  } finally {
    await fleet?.stop();
    await server?.stop();
    interruption.end();
    directory.remove();
  }
}

function showServer({ settings, uiUrl }: DemoServer, screen: DemoScreen): void {
  screen.line(`Temporal server: ${settings.address}`);
  if (uiUrl !== undefined) screen.line(`Web UI: ${uiUrl}`);
}
