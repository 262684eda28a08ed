import type { Program } from '../../src/privileged/command-runner.js';
import type { SimulatedHost } from '../../src/simulator/simulated-host.js';
import type { StorageArray } from '../../src/simulator/storage-array.js';
import { settled } from './patience.js';
import { PORTALS, TARGET_IQNS, type PathPlace, type PlannedHost } from './plan.js';
import { BESIDE_INDEX, kernelWwid, OWN_INDEX, udevWwid } from './wwids.js';

const OWN_PORTAL = PORTALS[0];
const OWN_LUN = 1;
/** Beside our volumes, at our target. */
const BESIDE_LUN = 90;
const VOLUME_BYTES = 67_108_864;
const COMMAND_TIMEOUT_MS = 600_000;

/** Somebody else who works on the hosts by hand, with volumes of their own. */
export class Administrator {
  readonly #host: SimulatedHost;

  constructor(host: SimulatedHost) {
    this.#host = host;
  }

  /** The administrator's part of the array; each host has volumes of its own. */
  static layOut(array: StorageArray, hostCount: number): void {
    for (let index = 0; index < hostCount; index += 1) {
      const [own, beside] = [kernelWwid(OWN_INDEX + index), kernelWwid(BESIDE_INDEX + index)];
      for (const wwid of [own, beside]) array.addVolume({ wwid, sizeBytes: VOLUME_BYTES });
      array.addTarget({ iqn: ownIqn(index), portals: [OWN_PORTAL] });
      array.mapLun({ iqn: ownIqn(index), lun: OWN_LUN, volume: own });
      array.mapLun({ iqn: TARGET_IQNS.a, lun: BESIDE_LUN + index, volume: beside });
    }
  }

  /** Does what the plan says was there before mooring. */
  async settleIn({ ownTarget, sharedSession, record }: PlannedHost, index: number): Promise<void> {
    if (ownTarget) await this.#makeOwn(index);
    if (sharedSession !== undefined) await this.#makeShared(sharedSession, BESIDE_LUN + index);
    if (record !== undefined && !isSamePlace(record, sharedSession)) await this.#makeRecord(record);
  }

  /**
   * Takes a device away for good, map and paths: what docs/failures.md asks of a person whose volume has
   * lost its number on the array.
   */
  async takeAway(device: string): Promise<void> {
    const block = device.slice('/dev/'.length);
    const { maps, scsiDevices } = await this.#host.control.snapshot();
    const map = maps.find(({ name }) => name === block);
    if (map !== undefined) await this.#run('multipath', ['-f', map.label]);
    const disks = new Set(map?.slaves ?? [block]);
    for (const { hctl } of scsiDevices.filter(({ disk }) => disks.has(disk))) {
      await this.#host.writer.writeAttribute(`/sys/class/scsi_device/${hctl}/device/delete`, '1');
    }
  }

  /** A session that comes back at each boot, with a map over its device. */
  async #makeOwn(index: number): Promise<void> {
    const node = ['-m', 'node', '-T', ownIqn(index), '-p', OWN_PORTAL, '-I', 'default'];
    await this.#run('iscsiadm', [...node, '-o', 'new']);
    await this.#run('iscsiadm', [...node, '-o', 'update', '-n', 'node.startup', '-v', 'automatic']);
    await this.#run('iscsiadm', [...node, '--login']);
    await settled(() => this.#host.control.snapshot());
    await this.#run('multipathd', ['add', 'map', udevWwid(OWN_INDEX + index)]);
  }

  async #makeShared({ target, portal }: PathPlace, lun: number): Promise<void> {
    const node = nodeOf({ target, portal });
    await this.#run('iscsiadm', [...node, '-o', 'new']);
    await this.#run('iscsiadm', [
      ...[...node, '-o', 'update'],
      ...['-n', 'node.session.scan', '-v', 'manual'],
    ]);
    await this.#run('iscsiadm', [...node, '--login']);
    const { sessions } = await this.#host.control.snapshot();
    const [session] = sessions.filter(({ targetIqn }) => targetIqn === TARGET_IQNS[target]);
    const sid = session?.session.slice('session'.length) ?? '';
    const scsiHost = await this.#scsiHostOf(sid);
    await this.#host.writer.writeAttribute(`/sys/class/scsi_host/${scsiHost}/scan`, `0 0 ${lun}`);
  }

  async #makeRecord(place: PathPlace): Promise<void> {
    const node = nodeOf(place);
    await this.#run('iscsiadm', [...node, '-o', 'new']);
    await this.#run('iscsiadm', [
      ...[...node, '-o', 'update'],
      ...['-n', 'node.session.timeo.replacement_timeout', '-v', '77'],
    ]);
  }

  async #scsiHostOf(sid: string): Promise<string> {
    const real = await this.#host.files.realPath(`/sys/class/iscsi_session/session${sid}`);
    return /\/(host\d+)\//.exec(real)?.[1] ?? '';
  }

  async #run(program: Program, args: readonly string[]): Promise<void> {
    const end = await this.#host.runner.run({ program, args, timeoutMs: COMMAND_TIMEOUT_MS });
    if (end.exitCode !== 0) {
      throw new Error(`${program} ${args.join(' ')}: ${end.exitCode} ${end.stderr}`);
    }
  }
}

function nodeOf({ target, portal }: PathPlace): string[] {
  const at = PORTALS[portal] ?? '';
  return ['-m', 'node', '-T', TARGET_IQNS[target], '-p', at, '-I', 'default'];
}

function isSamePlace(left: PathPlace, right: PathPlace | undefined): boolean {
  return left.target === right?.target && left.portal === right.portal;
}

function ownIqn(index: number): string {
  return `iqn.2026-11.io.example:office${index}`;
}
