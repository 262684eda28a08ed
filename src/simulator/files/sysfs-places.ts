import type { DmDevice } from '../kernel/device-mapper.js';
import type { ScsiDevice } from '../kernel/scsi-layer.js';
import type { Session } from '../kernel/session.js';

/** Where the kernel puts things in `/sys/devices`; everything else in sysfs are links to there. */
export const PLACES = {
  scsiHost: (scsiHost: number): string => `/sys/devices/platform/host${scsiHost}`,
  session: ({ scsiHost, sid }: Session): string => `${PLACES.scsiHost(scsiHost)}/session${sid}`,
  sessionClass: (session: Session): string =>
    `${PLACES.session(session)}/iscsi_session/session${session.sid}`,
  connectionClass: (session: Session): string => {
    const connection = `connection${session.sid}:0`;
    return `${PLACES.session(session)}/${connection}/iscsi_connection/${connection}`;
  },
  target: (session: Session): string => `${PLACES.session(session)}/target${session.scsiHost}:0:0`,
  device: ({ session, hctl }: ScsiDevice): string => `${PLACES.target(session)}/${hctl}`,
  disk: (device: ScsiDevice): string => `${PLACES.device(device)}/block/${device.block}`,
  map: ({ block }: DmDevice): string => `/sys/devices/virtual/block/${block}`,
} as const;
