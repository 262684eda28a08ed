import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { TextOutput } from '../cli/context.js';
import { DemoFleet, MOORING } from './demo-fleet.js';
import { attachRequest, createPlan, type DemoPlan } from './demo-plan.js';
import { DemoScreen } from './demo-screen.js';
import { findDemoServer, type DemoServer } from './demo-server.js';
import { DemoStory } from './demo-story.js';
import { DemoInterrupted, Interruption } from './interruption.js';
import { createTemporaryDirectory } from './temporary-directory.js';

/** With a server that runs. It takes about 20 s; on the slowest machine somebody still watches. */
const DEMO_MS = 55_000;
/** A server that is just starting, a call that is just sent. The processes end with us in any case. */
const LET_GO_MS = 3_000;

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
 * @throws DemoInterrupted on Ctrl-C before its end; Error when something does not go as told
 */
export async function runDemo({ keep, output }: DemoOptions): Promise<void> {
  const screen = new DemoScreen(output);
  const interruption = new Interruption();
  const directory = createTemporaryDirectory('mooring-demo');
  const over = new AbortController();
  let server: DemoServer | undefined;
  let fleet: DemoFleet | undefined;
  const perform = async (): Promise<void> => {
    screen.line('Starting a Temporal server, workers and two simulated hosts ...');
    server = await findDemoServer(directory.path, (line) => screen.line(line));
    if (over.signal.aborted) return;
    const plan = createPlan(server.isForeign ? `-${randomBytes(3).toString('hex')}` : '');
    fleet = await DemoFleet.create({ server, plan, directory: directory.path });
    await within(DEMO_MS, playOn(screen, fleet, { plan, server, signal: over.signal }));
    if (keep) showCommands(screen, { plan, server, directory: directory.path });
    else screen.line('\nWith --keep everything goes on running, the web UI too, for a look.');
  };
  const performance = perform();
  try {
    await interruption.during(performance);
    if (keep) await interruption.wait();
  } catch (error) {
    if (!(error instanceof DemoInterrupted)) screen.failure(fleet?.lastWords ?? '');
    throw error;
  } finally {
    over.abort();
    // What is still under way must have let go of its connection before that is closed.
    await Promise.race([performance.catch(() => undefined), pause(LET_GO_MS)]);
    await fleet?.stop().catch(() => undefined);
    await server?.stop();
    interruption.end();
    directory.remove();
  }
}

interface Stage {
  readonly plan: DemoPlan;
  readonly server: DemoServer;
}

async function playOn(
  screen: DemoScreen,
  fleet: DemoFleet,
  stage: Stage & { readonly signal: AbortSignal },
): Promise<void> {
  const { address } = stage.server.settings;
  const { uiUrl } = stage.server;
  screen.line(`  Temporal server  ${address}${uiUrl === undefined ? '' : `, web UI ${uiUrl}`}`);
  await fleet.start(stage.signal);
  const processes = fleet.processes.map(({ name, pid }) => `${name} ${pid}`).join(', ');
  screen.line(`  processes        ${processes}`);
  await new DemoStory({ ...stage, fleet, screen }).tell();
}

/** What to try while everything runs. */
function showCommands(screen: DemoScreen, stage: Stage & { readonly directory: string }): void {
  const { plan, server, directory } = stage;
  const { address, namespace } = server.settings;
  const file = join(directory, 'volume.json');
  writeFileSync(file, `${JSON.stringify(attachRequest(plan, plan.hostId), null, 2)}\n`);
  const command = `node ${relative(process.cwd(), MOORING)}`;
  const where = `--address ${address} --namespace ${namespace}`;
  screen.line('\nEverything goes on running until Ctrl-C. To try, in another terminal:');
  screen.block(
    [
      `${command} attach ${where} -f ${file}`,
      `${command} status ${where} ${plan.volumeId}`,
      `${command} detach ${where} ${plan.volumeId}`,
    ].join('\n'),
  );
  if (server.uiUrl !== undefined) screen.line(`\nWeb UI: ${server.uiUrl}`);
}

/** @throws Error when the work takes longer */
async function within(ms: number, work: Promise<void>): Promise<void> {
  const timer = new AbortController();
  const late = pause(ms, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`The demo did not end within ${ms / 1_000} s`);
  });
  late.catch(() => undefined);
  try {
    await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}
