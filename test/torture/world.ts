import type { SimulatedHost } from '../../src/simulator/simulated-host.js';
import { StorageArray } from '../../src/simulator/storage-array.js';
import { Administrator } from './administrator.js';
import { lookAt, type HostLook } from './host-look.js';
import { identityOf } from './identity.js';
import { settled } from './patience.js';
import { PORTALS, TARGET_IQNS, TARGET_PORTALS, type Plan, type TargetName } from './plan.js';
import { CHAP_USER, MARKER_SECRET } from './secrets.js';
import { TortureHost } from './torture-host.js';
import type { TortureServer } from './torture-server.js';
import type { Tamper } from './tamper.js';
import { kernelWwid } from './wwids.js';

const VOLUME_BYTES = 67_108_864;
/** Where a volume says who it is; patterns are written behind it. */
const SLOT_BYTES = 4_096;
const TEXT_BYTES = 64;

/** The array and the hosts of one run, with everything that was there before mooring. */
export class World {
  readonly array = new StorageArray();
  readonly hosts: readonly TortureHost[];
  readonly volumeIds: readonly string[];
  readonly baselines: Record<string, HostLook> = {};
  readonly plan: Plan;

  private constructor(plan: Plan, tag: string, server: TortureServer, tamper: Tamper) {
    this.plan = plan;
    this.volumeIds = plan.volumes.map((_volume, index) => `${tag}.v${index}`);
    for (const target of ['a', 'b'] as const) this.#addTarget(target);
    plan.volumes.forEach((volume, index) => {
      const wwid = kernelWwid(index);
      this.array.addVolume({ wwid, sizeBytes: VOLUME_BYTES });
      this.array.volume(wwid).content.write(0, bytesOf(identityOf(index)));
      for (const target of volume.targets) {
        this.array.mapLun({ iqn: TARGET_IQNS[target], lun: volume.lun, volume: wwid });
      }
    });
    Administrator.layOut(this.array, plan.hosts.length);
    this.hosts = plan.hosts.map((_host, index) => {
      const hostId = `${tag}.h${index}`;
      const others = (): SimulatedHost[] =>
        this.hosts.filter((each) => each.hostId !== hostId).map(({ simulated }) => simulated);
      return new TortureHost({ hostId, array: this.array, server, tamper, others });
    });
  }

  static async make(
    plan: Plan,
    tag: string,
    server: TortureServer,
    tamper: Tamper,
  ): Promise<World> {
    const world = new World(plan, tag, server, tamper);
    await Promise.all(
      plan.hosts.map(async (planned, index) => {
        const host = world.host(index);
        await new Administrator(host.simulated).settleIn(planned, index);
        world.baselines[host.hostId] = await settled(() => lookAt(host.simulated));
        await host.start();
      }),
    );
    return world;
  }

  host(index: number): TortureHost {
    const host = this.hosts[index];
    if (host === undefined) throw new RangeError(`no host ${index}`);
    return host;
  }

  volumeId(index: number): string {
    return this.volumeIds[index] ?? '';
  }

  /** Maps the volume where it belongs. */
  mapRight(index: number): void {
    this.#map(index, index);
  }

  /** Maps another volume where this one belongs. */
  mapWrong(index: number, other: number): void {
    this.#map(index, other);
  }

  /** What is on the array, slot by slot; the first is who the volume is. */
  contentOf(index: number, slots: number): string[] {
    return Array.from({ length: slots }, (_none, slot) => this.textAt(index, slot));
  }

  textAt(index: number, slot: number): string {
    const { content } = this.array.volume(kernelWwid(index));
    return textOf(content.read(slot * SLOT_BYTES, TEXT_BYTES));
  }

  #map(index: number, other: number): void {
    const { targets, lun } = this.plan.volumes[index] ?? { targets: [], lun: 0 };
    for (const target of targets) {
      this.array.mapLun({ iqn: TARGET_IQNS[target], lun, volume: kernelWwid(other) });
    }
  }

  #addTarget(target: TargetName): void {
    const chap = { username: CHAP_USER, secret: MARKER_SECRET };
    this.array.addTarget({
      iqn: TARGET_IQNS[target],
      portals: TARGET_PORTALS[target].map((portal) => PORTALS[portal] ?? ''),
      ...(target === 'b' && this.plan.chap ? { chap } : {}),
    });
  }
}

export async function readSlot(host: TortureHost, device: string, slot: number): Promise<string> {
  return textOf(await host.simulated.control.readThrough(device, slot * SLOT_BYTES, TEXT_BYTES));
}

export async function writeSlot(
  host: TortureHost,
  device: string,
  slot: number,
  text: string,
): Promise<void> {
  await host.simulated.control.writeThrough(device, slot * SLOT_BYTES, bytesOf(text));
}

function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(TEXT_BYTES);
  bytes.set(new TextEncoder().encode(text).subarray(0, TEXT_BYTES));
  return bytes;
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replaceAll('\0', '');
}
