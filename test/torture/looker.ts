import { setTimeout as pause } from 'node:timers/promises';
import { HostDown } from '../../src/simulator/boot.js';
import type { Content, Entity, Quiet } from './evidence.js';
import { lookAt, type HostLook } from './host-look.js';
import { holdsWithin, settled, withinOrNothing } from './patience.js';
import type { Registry } from './registry.js';
import type { TortureHost } from './torture-host.js';
import { readSlot, writeSlot, type World } from './world.js';
import { kernelWwid, udevWwid } from './wwids.js';

/** Between two looks at something that must not stand still without saying why. */
const LATER_MS = 1_500;
const IO_MS = 15_000;
const BOOT_MAX_MS = 60_000;
const SYNC_TIMEOUT_MS = 600_000;
/** Where a look writes: behind every slot of the users. */
const FIRST_SLOT = 1_000;

/** Looks at all hosts and all open workflows of a run. */
export class Looker {
  readonly #world: World;
  readonly #registry: Registry;
  #slot = FIRST_SLOT;

  constructor(world: World, registry: Registry) {
    this.#world = world;
    this.#registry = registry;
  }

  /** While things go wrong: who stands still without a word? */
  async uneasy(): Promise<Quiet> {
    const entities = await this.#registry.entities({ pending: true });
    const quiet = await this.#look('uneasy', entities);
    if (entities.every(isMoving)) return quiet;
    await pause(LATER_MS);
    return { ...quiet, later: await this.#registry.entities({ pending: true }) };
  }

  /** When all is healed: what is handed out is used. */
  async quiet(): Promise<Quiet> {
    const entities = await this.#registry.entities();
    const used = await Promise.all(
      entities.map(async (entity) => {
        const content = await this.#use(entity);
        return content === undefined ? entity : { ...entity, content };
      }),
    );
    return this.#look('quiet', used);
  }

  async last(): Promise<Quiet> {
    return this.#look('last', await this.#registry.entities());
  }

  /** Whether every open workflow has what it wants, in the boot its host is in. */
  async isAtRest(): Promise<boolean> {
    const states = await this.#registry.states();
    if (states.some((state) => state !== 'attached' && state !== 'degraded')) return false;
    const bootIds = await this.bootIds();
    return (await this.#registry.entities()).every(({ state, bootId, onBoot, hostId }) =>
      state === 'attached' ? bootId === bootIds[hostId] : state === 'degraded' && onBoot === 'none',
    );
  }

  /** WWIDs of our volumes that have a device on the host. */
  async volumesOn(host: TortureHost): Promise<string[]> {
    const { scsiDevices } = await host.simulated.control.snapshot();
    const ours = new Set(this.#world.plan.volumes.map((_volume, index) => kernelWwid(index)));
    return [...new Set(scsiDevices.flatMap(({ wwid = '' }) => (ours.has(wwid) ? [wwid] : [])))];
  }

  async #look(kind: Quiet['kind'], entities: readonly Entity[]): Promise<Quiet> {
    const seen = this.#world.hosts.map(async ({ hostId, simulated }) => {
      const look = (): Promise<HostLook> => lookAt(simulated);
      const seenWhenUp = kind === 'uneasy' ? onceUp(look) : settled(look);
      return [hostId, await seenWhenUp] as const;
    });
    const looks = Object.fromEntries(await Promise.all(seen));
    const atMs = performance.now();
    return { kind, atMs, looks, entities, bootIds: await this.bootIds() };
  }

  /** Which boot each host is in. */
  async bootIds(): Promise<Record<string, string>> {
    const read = this.#world.hosts.map(async ({ hostId, simulated }) => {
      const text = await simulated.files.readText('/proc/sys/kernel/random/boot_id');
      return [hostId, text.trim()] as const;
    });
    return Object.fromEntries(await Promise.all(read));
  }

  /** Reads through the device and its link, writes through it, and sees what the array then has. */
  async #use({ hostId, device, stablePath, wwid }: Entity): Promise<Content | undefined> {
    const host = this.#world.hosts.find((each) => each.hostId === hostId);
    if (host === undefined || device === undefined || stablePath === undefined) return undefined;
    this.#slot += 1;
    const slot = this.#slot;
    const written = `looked at through ${device}, ${slot}`;
    const volume = this.#world.plan.volumes.findIndex((_volume, index) => udevWwid(index) === wwid);
    const byDevice = await told(readSlot(host, device, 0));
    const byLink = await told(readSlot(host, stablePath, 0));
    const wrote = await told(
      writeSlot(host, device, slot, written).then(async () => {
        const sync = { program: 'sync', args: [device], timeoutMs: SYNC_TIMEOUT_MS } as const;
        const { exitCode = -1 } = await host.simulated.runner.run(sync);
        return exitCode === 0 ? '' : `sync ended with ${exitCode}`;
      }),
    );
    const onArray = volume < 0 ? 'no such volume' : this.#world.textAt(volume, slot);
    return { byDevice, byLink, written, onArray: wrote === '' ? onArray : wrote };
  }
}

/** A text, or how there was none. */
async function told(text: Promise<string>): Promise<string> {
  const failed = text.catch((error: unknown) => `failed: ${String(error)}`);
  return (await withinOrNothing(IO_MS, failed)) ?? 'no answer';
}

function isMoving({ state, pending }: Entity): boolean {
  return state === 'attached' || state === 'degraded' || pending.length > 0;
}

/** A host that is just going down, or coming up, is looked at a little later. */
async function onceUp(look: () => Promise<HostLook>): Promise<HostLook> {
  let seen: HostLook | undefined;
  await holdsWithin(BOOT_MAX_MS, async () => {
    seen = await look().catch((error: unknown) => {
      if (error instanceof HostDown) return undefined;
      throw error;
    });
    return seen !== undefined;
  });
  if (seen === undefined) throw new Error(`A host does not come up within ${BOOT_MAX_MS} ms`);
  return seen;
}
