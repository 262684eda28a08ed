import { setTimeout as pause } from 'node:timers/promises';
import { createHostActivities } from '../../src/activities/host-activities.js';
import { hostTaskQueue } from '../../src/contract/ids.js';
import type { HostSteps } from '../../src/model/steps.js';
import { createVerbs } from '../../src/privileged/create-verbs.js';
import type { BoundarySpec } from '../../src/simulator/boundaries.js';
import { createSimulatedHost, type SimulatedHost } from '../../src/simulator/simulated-host.js';
import type { StorageArray } from '../../src/simulator/storage-array.js';
import { announceBoot } from '../../src/worker/announce-boot.js';
import { stepLog } from '../../src/worker/step-log.js';
import { Life } from './mortal.js';
import { withinOrNothing } from './patience.js';
import { MARKER_SECRET } from './secrets.js';
import type { Tamper } from './tamper.js';
import type { RunningWorker, TortureServer } from './torture-server.js';

/** The host's own durations pass twenty times as fast. */
const TIME_SCALE = 0.05;
/** Running steps hear of an orderly end after this, and are cut off after that. In a service 45 s, 50 s. */
const SHUTDOWN_GRACE_MS = 200;
const SHUTDOWN_FORCE_MS = 1_200;
/** The SDK's own end of a worker that was cut off may never come. */
const SHUTDOWN_MAX_MS = 6_000;

interface LivingWorker extends RunningWorker {
  readonly life: Life;
  readonly announcing: AbortController;
}

interface TortureHostOptions {
  readonly hostId: string;
  readonly array: StorageArray;
  readonly server: TortureServer;
  readonly tamper: Tamper;
  readonly others: () => readonly SimulatedHost[];
}

/** A simulated host and the worker on it, which may end, die, and be there again. */
export class TortureHost {
  readonly hostId: string;
  readonly simulated: SimulatedHost;
  /** When each boot but the first began, by `performance.now()`. */
  readonly boots: number[] = [];
  #running: LivingWorker | undefined;
  readonly #server: TortureServer;
  readonly #tamper: Tamper;
  readonly #others: () => readonly SimulatedHost[];
  readonly #lifts = new Set<() => void>();
  /** Starts and ends one after the other. */
  #turn: Promise<void> = Promise.resolve();

  /** @param others - the other hosts of the run */
  constructor({ hostId, array, server, tamper, others }: TortureHostOptions) {
    this.hostId = hostId;
    this.#server = server;
    this.#tamper = tamper;
    this.#others = others;
    this.simulated = createSimulatedHost({ hostId, array, timeScale: TIME_SCALE });
  }

  /** Starts the worker if there is none. */
  start(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#running === undefined) await this.#start();
    });
  }

  /** Ends the worker in order: running steps are called off. */
  stop(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#end(false);
    });
  }

  /** The worker dies; what it began goes on, and nobody hears of it. */
  kill(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#end(true);
    });
  }

  /** The worker dies at a call; `false` when {@link liftBoundaries} comes before it. */
  async killAt(spec: BoundarySpec): Promise<boolean> {
    const boundary = await this.simulated.control.setBoundary(spec);
    const lifted = new Promise<undefined>((resolve) => {
      this.#lifts.add(() => {
        resolve(undefined);
      });
    });
    const call = await Promise.race([boundary.reached, lifted]);
    if (call === undefined) {
      boundary.release();
      return false;
    }
    const death = this.kill();
    // A call that was not begun never is: its caller died first.
    boundary.release({ dropped: spec.side === 'before' });
    await death;
    return true;
  }

  liftBoundaries(): void {
    for (const lift of this.#lifts) lift();
    this.#lifts.clear();
  }

  /** Power off, with all that runs, and on again. */
  reboot(offMs: number): Promise<void> {
    return this.#inTurn(async () => {
      const hadWorker = this.#running !== undefined;
      const death = this.#end(true);
      await this.simulated.control.powerOff();
      this.boots.push(performance.now());
      await death;
      await pause(offMs);
      await this.simulated.control.powerOn();
      if (hadWorker) await this.#start();
    });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #start(): Promise<void> {
    const { client, logBook } = this.#server;
    const { logger } = logBook;
    const { hostId } = this;
    const life = new Life();
    const activities = this.#activities(life);
    const running = await this.#server.run({
      taskQueue: hostTaskQueue(hostId),
      identity: hostId,
      activities,
      interceptors: {
        activity: [
          () => ({ inbound: { execute: (input, next) => life.live(() => next(input)) } }),
          stepLog(logger),
        ],
      },
      maxConcurrentActivityTaskExecutions: 64,
      maxConcurrentActivityTaskPolls: 2,
      maxHeartbeatThrottleInterval: 500,
      shutdownGraceTime: SHUTDOWN_GRACE_MS,
      shutdownForceTime: SHUTDOWN_FORCE_MS,
    });
    const announcing = new AbortController();
    this.#running = { ...running, life, announcing };
    const files = life.bind(this.simulated.files);
    void announceBoot({ client, logger, hostId, files, signal: announcing.signal });
  }

  /** The steps of this host, on seams that end with a life, with whatever defect is planted. */
  #activities(life: Life): HostSteps {
    const { hostId, simulated } = this;
    const tamper = this.#tamper;
    const runner = life.bind(simulated.runner);
    const honestFiles = life.bind(simulated.files);
    const files = tamper.files?.(honestFiles) ?? honestFiles;
    const honestWriter = life.bind(simulated.writer);
    const writer = tamper.writer?.(honestWriter) ?? honestWriter;
    const secrets = { resolve: () => Promise.resolve(MARKER_SECRET) };
    const honestVerbs = createVerbs({ runner, files, writer, secrets });
    const verbs = tamper.verbs?.(honestVerbs, simulated) ?? honestVerbs;
    const network = life.bind(simulated.network);
    const steps = createHostActivities({ hostId, files, runFiles: writer, network, verbs });
    return tamper.steps?.(steps, simulated, this.#others) ?? steps;
  }

  async #end(dies: boolean): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    running.announcing.abort();
    if (dies) running.life.end();
    running.worker.shutdown();
    const buried = withinOrNothing(SHUTDOWN_MAX_MS, running.done).then(() => {
      running.life.bury();
    });
    // A dead worker holds nobody up; one that ends in order is waited for.
    if (!dies) await buried;
  }
}
