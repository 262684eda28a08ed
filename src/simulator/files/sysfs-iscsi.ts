import type { Session } from '../kernel/session.js';
import type { RunningHost } from '../linux-host.js';
import { attribute, directory, link, listing, type Directory } from './entries.js';
import { scsiHostDirectory, targetDirectory } from './sysfs-scsi.js';
import { PLACES } from './sysfs-places.js';

/** `/sys/devices/platform`: iscsi_tcp makes one SCSI host per session. */
export function platformDirectory(host: RunningHost): Directory {
  return listing(
    () => host.initiator.sessions.map(({ scsiHost }) => `host${scsiHost}`),
    (name) => {
      const session = host.initiator.sessions.find(({ scsiHost }) => `host${scsiHost}` === name);
      return session === undefined ? undefined : hostDirectory(host, session);
    },
  );
}

function hostDirectory(host: RunningHost, session: Session): Directory {
  const name = `host${session.scsiHost}`;
  const here = PLACES.scsiHost(session.scsiHost);
  return directory({
    [`session${session.sid}`]: () => sessionDirectory(host, session),
    iscsi_host: () =>
      directory({
        [name]: () =>
          directory({
            device: () => link(here),
            ipaddress: () => attribute('10.0.0.100'),
            netdev: () => attribute('<NULL>'),
            hwaddress: () => attribute('<NULL>'),
            initiatorname: () => attribute('<NULL>'),
          }),
      }),
    scsi_host: () => directory({ [name]: () => scsiHostDirectory(host, session) }),
    subsystem: () => link('/sys/bus/scsi'),
  });
}

function sessionDirectory(host: RunningHost, session: Session): Directory {
  const connection = `connection${session.sid}:0`;
  return directory({
    [`target${session.scsiHost}:0:0`]: () => targetDirectory(host, session),
    [connection]: () =>
      directory({
        iscsi_connection: () =>
          directory({ [connection]: () => connectionAttributes(session, connection) }),
      }),
    iscsi_session: () =>
      directory({ [`session${session.sid}`]: () => sessionAttributes(session) }),
  });
}

function sessionAttributes(session: Session): Directory {
  return directory({
    device: () => link(PLACES.session(session)),
    subsystem: () => link('/sys/class/iscsi_session'),
    targetname: () => attribute(session.iqn),
    state: () => attribute(session.state),
    ifacename: () => attribute(session.iface),
    tpgt: () => attribute(session.tpgt),
    recovery_tmo: () => attribute(session.settings.replacementTimeoutSeconds),
    recovery_state: () => attribute('0'),
    creator: () => attribute(412),
    target_id: () => attribute(0),
  });
}

function connectionAttributes(session: Session, connection: string): Directory {
  return directory({
    device: () => link(`${PLACES.session(session)}/${connection}`),
    subsystem: () => link('/sys/class/iscsi_connection'),
    persistent_address: () => attribute(session.address),
    persistent_port: () => attribute(session.port),
    address: () => attribute(kernelAddress(session)),
    port: () => attribute(session.port),
    state: () => attribute(session.state === 'LOGGED_IN' ? 'up' : 'down'),
  });
}

/** The peer's address as the kernel prints it: IPv6 with all its zeros (`%pI6`). */
function kernelAddress({ portal }: Session): string {
  const address = portal.slice(0, portal.lastIndexOf(':')).replace(/^\[|\]$/g, '');
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const before = head.split(':').filter((group) => group !== '');
  const after = (tail ?? '').split(':').filter((group) => group !== '');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...new Array<string>(zeros).fill('0'), ...after]
    .map((group) => group.padStart(4, '0'))
    .join(':');
}
