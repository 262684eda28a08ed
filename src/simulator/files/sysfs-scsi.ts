import type { ScanPattern, ScsiDevice } from '../kernel/scsi-layer.js';
import type { Session } from '../kernel/session.js';
import type { RunningHost } from '../linux-host.js';
import { attribute, directory, link, listing, type Directory, type FileEntry } from './entries.js';
import { diskDirectory } from './sysfs-block.js';
import { PLACES } from './sysfs-places.js';
import { SystemError } from './system-error.js';

/** `…/targetH:0:0`: present only while there are devices below it. */
export function targetDirectory(host: RunningHost, session: Session): Directory | undefined {
  const devices = host.scsi.ofSession(session.sid);
  if (devices.length === 0) return undefined;
  return listing(
    () => ['subsystem', ...devices.map(({ hctl }) => hctl)],
    (name) => {
      if (name === 'subsystem') return link('/sys/bus/scsi');
      const device = devices.find(({ hctl }) => hctl === name);
      return device === undefined ? undefined : deviceDirectory(host, device);
    },
  );
}

/** `…/H:C:T:L` */
function deviceDirectory(host: RunningHost, device: ScsiDevice): Directory {
  const { hctl, block } = device;
  const here = PLACES.device(device);
  return directory({
    wwid: () => attribute(device.wwid),
    state: () => attribute(device.state),
    vendor: () => attribute('LIO-ORG '),
    model: () => attribute('vol             '),
    type: () => attribute(0),
    delete: () => writeOnly(() => host.scsi.remove(device)),
    rescan: () => writeOnly(() => host.scsi.rescan(device)),
    subsystem: () => link('/sys/bus/scsi'),
    driver: () => link('/sys/bus/scsi/drivers/sd'),
    block: () => directory({ [block]: () => diskDirectory(host, device) }),
    scsi_device: () => directory({ [hctl]: () => directory({ device: () => link(here) }) }),
    scsi_disk: () => directory({ [hctl]: () => directory({ device: () => link(here) }) }),
  });
}

/** `…/scsi_host/hostH` */
export function scsiHostDirectory(host: RunningHost, session: Session): Directory {
  return directory({
    proc_name: () => attribute('iscsi_tcp'),
    state: () => attribute('running'),
    device: () => link(PLACES.scsiHost(session.scsiHost)),
    subsystem: () => link('/sys/class/scsi_host'),
    scan: () => writeOnly((value) => host.scsi.scan(session, parseScan(value))),
  });
}

/** `C T L`, each a number or `-`. */
function parseScan(value: string): ScanPattern {
  const words = value.trim().split(/\s+/);
  if (words.length !== 3 || !words.every((word) => /^(?:-|\d+)$/.test(word))) {
    throw new SystemError('EINVAL', 'write', 'scan');
  }
  const [channel, target, lun] = words.map((word) => (word === '-' ? undefined : Number(word)));
  return {
    ...(channel === undefined ? {} : { channel }),
    ...(target === undefined ? {} : { target }),
    ...(lun === undefined ? {} : { lun }),
  };
}

function writeOnly(write: (value: string) => Promise<void>): FileEntry {
  return {
    kind: 'file',
    read: () => {
      throw new SystemError('EACCES', 'open', 'write-only attribute');
    },
    write: async (value) => write(value),
  };
}
