import type { ScanPattern, ScsiDevice } from '../kernel/scsi-layer.js';
import type { Session } from '../kernel/session.js';
import type { RunningHost } from '../linux-host.js';
import {
  attribute,
  directory,
  fixed,
  link,
  listing,
  viewed,
  type Directory,
  type FileEntry,
} from './entries.js';
import { diskDirectory } from './sysfs-block.js';
import { PLACES } from './sysfs-places.js';
import { SystemError } from './system-error.js';

/** `…/targetH:0:0` */
export function targetDirectory(host: RunningHost, session: Session): Directory {
  return listing(
    () => ['subsystem', ...host.scsi.ofSession(session.sid).map(({ hctl }) => hctl)],
    (name) => {
      if (name === 'subsystem') return link('/sys/bus/scsi');
      const device = host.scsi.device(name);
      return device?.session === session ? deviceDirectory(host, device) : undefined;
    },
  );
}

/** `…/H:C:T:L` */
const deviceDirectory = viewed((host: RunningHost, device: ScsiDevice): Directory => {
  const { hctl, block } = device;
  const inBlock = fixed({ [block]: diskDirectory(host, device) });
  const inClass = fixed({ [hctl]: fixed({ device: link(PLACES.device(device)) }) });
  return directory({
    wwid: () => wwidAttribute(device),
    state: () =>
      attribute(device.state, async (wanted) => {
        host.scsi.takeOffline(device, wanted);
        return Promise.resolve();
      }),
    vendor: () => attribute('LIO-ORG '),
    model: () => attribute(device.model.padEnd(16)),
    type: () => attribute(0),
    delete: () => writeOnly(() => host.scsi.remove(device)),
    rescan: () => writeOnly(() => host.scsi.rescan(device)),
    subsystem: () => link('/sys/bus/scsi'),
    driver: () => link('/sys/bus/scsi/drivers/sd'),
    block: () => inBlock,
    scsi_device: () => inClass,
    scsi_disk: () => inClass,
  });
});

/** A unit without a usable designator has the attribute, and no answer. */
function wwidAttribute({ wwid }: ScsiDevice): FileEntry {
  if (wwid !== '') return attribute(wwid);
  return {
    kind: 'file',
    read: () => {
      throw new SystemError('ENXIO', 'read', 'wwid');
    },
  };
}

/** `…/scsi_host/hostH` */
export function scsiHostDirectory(host: RunningHost, session: Session): Directory {
  return fixed({
    proc_name: attribute('iscsi_tcp'),
    state: attribute('running'),
    device: link(PLACES.scsiHost(session.scsiHost)),
    subsystem: link('/sys/class/scsi_host'),
    scan: writeOnly((value) => host.scsi.scan(session, parseScan(value))),
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
