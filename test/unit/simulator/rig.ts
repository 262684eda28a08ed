import { parsePortal } from '../../../src/contract/portal.js';
import type { CommandEnd, Program } from '../../../src/privileged/command-runner.js';
import type { Durations } from '../../../src/simulator/durations.js';
import { createSimulatedHost, type SimulatedHost } from '../../../src/simulator/simulated-host.js';
import { StorageArray } from '../../../src/simulator/storage-array.js';
import { eventually } from '../../support/eventually.js';

export const IQN = 'iqn.2026-11.io.example:array1';
export const PORTALS = ['10.0.0.1:3260', '10.0.0.2:3260', '10.0.0.3:3260', '[fd00::7]:3260'];
export const PORTAL = '10.0.0.1:3260';
export const WWID = 'naa.6001405bea237473c2c4f98b14c7c293';
export const UDEV_WWID = '36001405bea237473c2c4f98b14c7c293';
export const OTHER_WWID = 'naa.6001405bea237473c2c4f98b14c7c294';
export const OTHER_UDEV_WWID = '36001405bea237473c2c4f98b14c7c294';
export const SIZE_BYTES = 67_108_864;
/** Fast, and still with room between two durations of the table. */
export const TIME_SCALE = 0.01;
/** Longer than anything healthy takes, in the host's time. */
const TIMEOUT_MS = 600_000;

/** One target at four portals; LUN 4 is `v1`, LUN 5 is `v2`. */
export function arrayWithTwoVolumes(): StorageArray {
  const array = new StorageArray();
  array.addVolume({ name: 'v1', wwid: WWID, sizeBytes: SIZE_BYTES });
  array.addVolume({ name: 'v2', wwid: OTHER_WWID, sizeBytes: 2 * SIZE_BYTES });
  array.addTarget({ iqn: IQN, portals: PORTALS });
  array.mapLun({ iqn: IQN, lun: 4, volume: 'v1' });
  array.mapLun({ iqn: IQN, lun: 5, volume: 'v2' });
  return array;
}

/** What a person at the host's shell would do, through the seams alone. */
export class Rig {
  readonly host: SimulatedHost;

  constructor(host: SimulatedHost) {
    this.host = host;
  }

  get control(): SimulatedHost['control'] {
    return this.host.control;
  }

  run(program: Program, ...args: string[]): Promise<CommandEnd> {
    return this.host.runner.run({ program, args, timeoutMs: TIMEOUT_MS });
  }

  node(portal: string, ...args: string[]): Promise<CommandEnd> {
    return this.run('iscsiadm', '-m', 'node', '-T', IQN, '-p', portal, '-I', 'default', ...args);
  }

  recordPath(portal = PORTAL, iqn = IQN): string {
    const { address, port } = parsePortal(portal);
    return `/etc/iscsi/nodes/${iqn}/${address},${port}`;
  }

  /** Replaces settings of a record, and adds those that are not there. */
  async setRecord(settings: Record<string, string>, portal = PORTAL, iqn = IQN): Promise<void> {
    const path = this.recordPath(portal, iqn);
    let text = await this.host.files.readText(path);
    for (const [name, value] of Object.entries(settings)) {
      const line = `${name} = ${value}`;
      const lines = text.split('\n').filter((each) => !each.startsWith(`${name} = `));
      text = [lines[0], line, ...lines.slice(1)].join('\n');
    }
    await this.host.writer.replaceFile(path, text, 0o600);
  }

  async makeRecord(portal = PORTAL, settings: Record<string, string> = {}): Promise<void> {
    await this.node(portal, '-o', 'new');
    await this.setRecord({ 'node.session.scan': 'manual', ...settings }, portal);
  }

  async logIn(portal = PORTAL, settings: Record<string, string> = {}): Promise<CommandEnd> {
    await this.makeRecord(portal, settings);
    return this.node(portal, '--login');
  }

  /** Number of the SCSI host of the only session, or of the one of this number. */
  async scsiHost(sid = 1): Promise<number> {
    const place = await this.host.files.realPath(`/sys/class/iscsi_session/session${sid}`);
    return Number(/host(\d+)/.exec(place)?.[1]);
  }

  async scan(lun: number, sid = 1): Promise<void> {
    const scan = `/sys/class/scsi_host/host${await this.scsiHost(sid)}/scan`;
    await this.host.writer.writeAttribute(scan, `0 0 ${lun}`);
  }

  /** Logs in and scans LUN 4: `sda` on a fresh host. */
  async attachOnePath(portal = PORTAL, sid = 1, lun = 4): Promise<void> {
    await this.logIn(portal);
    await this.scan(lun, sid);
  }

  /** Offers multipathd every disk until it takes it, which it does after udev. */
  async offerPaths(): Promise<void> {
    const blocks = await this.list('/sys/class/block');
    for (const block of blocks.filter((each) => each.startsWith('sd'))) {
      await eventually(async () => {
        const { exitCode } = await this.run('multipathd', 'add', 'path', block);
        if (exitCode !== 0) throw new Error(`multipathd does not take ${block}`);
      });
    }
  }

  async addMap(wwid = UDEV_WWID): Promise<CommandEnd> {
    await this.offerPaths();
    return this.run('multipathd', 'add', 'map', wwid);
  }

  deletePath(hctl: string): Promise<void> {
    return this.host.writer.writeAttribute(`/sys/class/scsi_device/${hctl}/device/delete`, '1');
  }

  read(path: string): Promise<string> {
    return this.host.files.readText(path);
  }

  list(path: string): Promise<string[]> {
    return this.host.files.list(path);
  }
}

export function newRig(
  options: { array?: StorageArray; timeScale?: number; durations?: Partial<Durations> } = {},
): Rig {
  const { array = arrayWithTwoVolumes(), timeScale = TIME_SCALE, durations = {} } = options;
  return new Rig(createSimulatedHost({ hostId: 'db-17', array, timeScale, durations }));
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function textOf(content: Uint8Array): string {
  return new TextDecoder().decode(content);
}
