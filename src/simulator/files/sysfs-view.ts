import type { RunningHost } from '../linux-host.js';
import { blockDevices, type BlockDevice } from './block-devices.js';
import { attribute, fixed, links, type Directory } from './entries.js';
import { mapsDirectory } from './sysfs-block.js';
import { platformDirectory } from './sysfs-iscsi.js';
import { PLACES } from './sysfs-places.js';

/** Modules somebody may look for. */
const MODULES = ['iscsi_tcp', 'libiscsi', 'scsi_transport_iscsi', 'dm_multipath', 'dm_mod'];

/** `/sys` of a running host, as kernel 6.1 lays it out for iscsi_tcp, sd and device-mapper. */
export function sysfsView(host: RunningHost): Directory {
  const { initiator, scsi } = host;
  const blocks = blockLinks(host, ({ block }) => block);
  const devices = links(() => scsi.devices, { name: ({ hctl }) => hctl, target: PLACES.device });
  const hosts = (kind: string): Directory =>
    links(() => initiator.sessions, {
      name: ({ scsiHost }) => `host${scsiHost}`,
      target: ({ scsiHost }) => `${PLACES.scsiHost(scsiHost)}/${kind}/host${scsiHost}`,
    });
  const ofDevices = (kind: string): Directory =>
    links(() => scsi.devices, {
      name: ({ hctl }) => hctl,
      target: (device) => `${PLACES.device(device)}/${kind}/${device.hctl}`,
    });
  return fixed({
    block: blocks,
    bus: fixed({ scsi: fixed({ devices, drivers: fixed({ sd: devices }) }) }),
    class: fixed({
      block: blocks,
      iscsi_session: links(() => initiator.sessions, {
        name: ({ sid }) => `session${sid}`,
        target: PLACES.sessionClass,
      }),
      iscsi_connection: links(() => initiator.sessions, {
        name: ({ sid }) => `connection${sid}:0`,
        target: PLACES.connectionClass,
      }),
      iscsi_host: hosts('iscsi_host'),
      scsi_host: hosts('scsi_host'),
      scsi_device: ofDevices('scsi_device'),
      scsi_disk: ofDevices('scsi_disk'),
    }),
    dev: fixed({ block: blockLinks(host, ({ devNumber }) => devNumber) }),
    devices: fixed({
      platform: platformDirectory(host),
      virtual: fixed({ block: mapsDirectory(host) }),
    }),
    module: fixed(
      Object.fromEntries(MODULES.map((name) => [name, fixed({ refcnt: attribute(1) })])),
    ),
  });
}

/** Links to all block devices, by one of their names. */
function blockLinks(host: RunningHost, name: (device: BlockDevice) => string): Directory {
  return links(() => blockDevices(host), { name, target: ({ place }) => place });
}
