import type { Session } from '../kernel/session.js';
import type { RunningHost } from '../linux-host.js';
import { attribute, directory, fixed, link, listing, viewed, type Directory } from './entries.js';
import { PLACES } from './sysfs-places.js';
import { scsiHostDirectory, targetDirectory } from './sysfs-scsi.js';

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

/** `…/hostH` */
const hostDirectory = viewed((host: RunningHost, session: Session): Directory => {
  const name = `host${session.scsiHost}`;
  const iscsiHost = fixed({
    device: link(PLACES.scsiHost(session.scsiHost)),
    subsystem: link('/sys/class/iscsi_host'),
    ipaddress: attribute('10.0.0.100'),
    netdev: attribute('(null)'),
    hwaddress: attribute('(null)'),
    initiatorname: attribute('(null)'),
  });
  return fixed({
    [`session${session.sid}`]: sessionDirectory(host, session),
    iscsi_host: fixed({ [name]: iscsiHost }),
    scsi_host: fixed({ [name]: scsiHostDirectory(host, session) }),
    subsystem: link('/sys/bus/scsi'),
  });
});

/** `…/sessionN` */
function sessionDirectory(host: RunningHost, session: Session): Directory {
  const name = `session${session.sid}`;
  const connectionName = `connection${session.sid}:0`;
  const inSessionClass = fixed({ [name]: sessionAttributes(host, session) });
  const connection = fixed({
    iscsi_connection: fixed({ [connectionName]: connectionAttributes(session, connectionName) }),
  });
  const target = targetDirectory(host, session);
  return directory({
    // Present only while there are devices below it.
    [`target${session.scsiHost}:0:0`]: () =>
      host.scsi.ofSession(session.sid).length === 0 ? undefined : target,
    [connectionName]: () => connection,
    iscsi_session: () => inSessionClass,
  });
}

function sessionAttributes(host: RunningHost, session: Session): Directory {
  const scanned = (): boolean => host.scsi.ofSession(session.sid).length > 0;
  return directory({
    device: () => link(PLACES.session(session)),
    subsystem: () => link('/sys/class/iscsi_session'),
    targetname: () => attribute(session.iqn),
    state: () => attribute(session.state),
    ifacename: () => attribute(session.iface),
    tpgt: () => attribute(session.tpgt),
    recovery_tmo: () => attribute(session.recoverySeconds),
    creator: () => attribute(412),
    target_id: () => attribute(0),
    target_state: () => attribute(scanned() ? 'SCANNED' : 'ALLOCATED'),
  });
}

function connectionAttributes(session: Session, name: string): Directory {
  return directory({
    device: () => link(`${PLACES.session(session)}/${name}`),
    subsystem: () => link('/sys/class/iscsi_connection'),
    persistent_address: () => attribute(session.address),
    persistent_port: () => attribute(session.port),
    address: () => attribute(kernelAddress(session)),
    port: () => attribute(session.port),
    state: () => attribute(connectionState(session)),
  });
}

function connectionState({ phase, state }: Session): string {
  if (phase === 'starting') return 'down';
  return state === 'LOGGED_IN' ? 'up' : 'failed';
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
