import { setTimeout as pause } from 'node:timers/promises';
import type { Evidence } from './evidence.js';
import { PORTALS, type Deed, type DeedOf } from './plan.js';
import type { TortureServer } from './torture-server.js';
import type { VolumeUser } from './volume-user.js';
import type { World } from './world.js';

type DisturbanceKind =
  | 'fault'
  | 'portal'
  | 'reuse-lun'
  | 'stop-worker'
  | 'kill-worker'
  | 'reboot'
  | 'change-control-worker';

/** Has things go wrong, and heals them. */
export class Disturber {
  readonly reused: Evidence['reused'][number][] = [];
  readonly #world: World;
  readonly #server: TortureServer;
  readonly #user: VolumeUser;
  readonly #underWay = new Set<Promise<void>>();
  #healing = new AbortController();

  constructor(world: World, server: TortureServer, user: VolumeUser) {
    this.#world = world;
    this.#server = server;
    this.#user = user;
  }

  /** Begins a disturbance; it ends by itself, or with {@link heal}. */
  begin(deed: DeedOf<DisturbanceKind>): void {
    const done = this.#disturb(deed).finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
  }

  /** Ends everything that is wrong. What a host has in its memory of it is not touched. */
  async heal(): Promise<void> {
    const { array, hosts, plan } = this.#world;
    for (const portal of PORTALS) array.setPortal({ portal, condition: { kind: 'up' } });
    plan.volumes.forEach((_volume, index) => {
      this.#world.mapRight(index);
    });
    for (const host of hosts) {
      await host.simulated.control.clearFaults();
      host.liftBoundaries();
    }
    this.#healing.abort();
    await Promise.all(this.#underWay);
    this.#healing = new AbortController();
    await this.#user.leaveAll();
    await Promise.all(hosts.map((host) => host.start()));
  }

  /** So long, or until the healing. */
  async #last(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.#healing.signal }).catch(() => undefined);
  }

  async #disturb(deed: DeedOf<DisturbanceKind>): Promise<void> {
    const world = this.#world;
    switch (deed.kind) {
      case 'fault': {
        const { control } = world.host(deed.host).simulated;
        const id = await control.addFault(deed.fault);
        await this.#last(deed.forMs);
        await control.removeFault(id);
        return;
      }
      case 'portal': {
        const portal = PORTALS[deed.portal] ?? '';
        world.array.setPortal({ portal, condition: deed.condition });
        await this.#last(deed.forMs);
        world.array.setPortal({ portal, condition: { kind: 'up' } });
        return;
      }
      case 'reuse-lun': {
        const { volume, by } = deed;
        this.reused.push({ volume, by, atMs: performance.now() });
        world.mapWrong(volume, by);
        await this.#last(deed.forMs);
        world.mapRight(volume);
        return;
      }
      case 'stop-worker': {
        await world.host(deed.host).stop();
        await this.#last(deed.forMs);
        await world.host(deed.host).start();
        return;
      }
      case 'kill-worker': {
        const host = world.host(deed.host);
        if (deed.at === undefined) await host.kill();
        else if (!(await host.killAt(deed.at))) return;
        await this.#last(deed.forMs);
        await host.start();
        return;
      }
      case 'reboot': {
        this.#user.onEnd({ host: deed.host });
        await world.host(deed.host).reboot(deed.offMs);
        // What was handed out while it was on its way is of the boot before.
        this.#user.onEnd({ host: deed.host });
        return;
      }
      case 'change-control-worker':
        return this.#server.changeControlWorker();
    }
  }
}

const DISTURBANCES: ReadonlySet<Deed['kind']> = new Set<DisturbanceKind>([
  ...(['fault', 'portal', 'reuse-lun', 'stop-worker', 'kill-worker', 'reboot'] as const),
  'change-control-worker',
]);

export function isDisturbance(deed: Deed): deed is DeedOf<DisturbanceKind> {
  return DISTURBANCES.has(deed.kind);
}
