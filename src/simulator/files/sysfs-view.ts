import type { RunningHost } from '../linux-host.js';
import { attribute, directory, links, type Directory } from './entries.js';
import { mapsDirectory } from './sysfs-block.js';
import { platformDirectory } from './sysfs-iscsi.js';
import { PLACES } from './sysfs-places.js';

type Links = Map<string, string>;

/** `/sys` of a running host, as kernel 6.1 lays it out for iscsi_tcp, sd and device-mapper. */
export function sysfsView(host: RunningHost): Directory {
  const { initiator, scsi, mapper } = host;
  const bySession = (link: (session: (typeof initiator.sessions)[number]) => [string, string]) => (): Links =>
    new Map(initiator.sessions.map(link));
  const byDevice = (link: (device: (typeof scsi.devices)[number]) => [string, string]) => (): Links =>
    new Map(scsi.devices.map(link));
  const blocks = (): Links =>
    new Map([
      ...scsi.devices.map((device): [string, string] => [device.block, PLACES.disk(device)]),
      ...mapper.devices.map((map): [string, string] => [map.block, PLACES.map(map)]),
    ]);
  const hosts = (kind: string): Directory =>
    links(
      bySession(({ scsiHost }) => {
        const name = `host${scsiHost}`;
        return [name, `${PLACES.scsiHost(scsiHost)}/${kind}/${name}`];
      }),
    );
  const scsiDevices = byDevice((device) => [device.hctl, PLACES.device(device)]);
  return directory({
    block: () => links(blocks),
    bus: () =>
      directory({
        scsi: () =>
          directory({
            devices: () => links(scsiDevices),
            drivers: () => directory({ sd: () => links(scsiDevices) }),
          }),
      }),
    class: () =>
      directory({
        block: () => links(blocks),
        iscsi_session: () =>
          links(bySession((session) => [`session${session.sid}`, PLACES.sessionClass(session)])),
        iscsi_connection: () =>
          links(bySession((session) => [`connection${session.sid}:0`, PLACES.connectionClass(session)])),
        iscsi_host: () => hosts('iscsi_host'),
        scsi_host: () => hosts('scsi_host'),
        scsi_device: () => links(byDevice((device) => [device.hctl, PLACES.deviceClass(device)])),
        scsi_disk: () =>
          links(byDevice((device) => [device.hctl, `${PLACES.device(device)}/scsi_disk/${device.hctl}`])),
      }),
    dev: () => directory({ block: () => links(byDevNumber(host)) }),
    devices: () =>
      directory({
        platform: () => platformDirectory(host),
        virtual: () => directory({ block: () => mapsDirectory(host) }),
      }),
    module: () =>
      directory(
        Object.fromEntries(
          ['iscsi_tcp', 'libiscsi', 'scsi_transport_iscsi', 'dm_multipath', 'dm_mod'].map((name) => [
            name,
            () => directory({ refcnt: () => attribute(1) }),
          ]),
        ),
      ),
  });
}

function byDevNumber({ scsi, mapper }: RunningHost): () => Links {
  return () =>
    new Map([
      ...scsi.devices.map((device): [string, string] => [device.devNumber, PLACES.disk(device)]),
      ...mapper.devices.map((map): [string, string] => [map.devNumber, PLACES.map(map)]),
    ]);
}
