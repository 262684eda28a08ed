import type { DiskDirectory } from './disk-files.js';

/** What Debian's packages leave on a disk, as far as anybody looks at it. */
export function layOutDisk(
  disk: DiskDirectory,
  host: { readonly hostId: string; readonly machineId: string },
): void {
  disk.write('/etc/machine-id', `${host.machineId}\n`, 0o444);
  disk.write('/etc/hostname', `${host.hostId}\n`);
  const initiatorName = `iqn.1993-08.org.debian:01:${host.machineId.slice(0, 12)}`;
  disk.write('/etc/iscsi/initiatorname.iscsi', `InitiatorName=${initiatorName}\n`, 0o600);
  disk.write('/etc/iscsi/iscsid.conf', ISCSID_CONF, 0o600);
  disk.ensureDirectory('/etc/iscsi/ifaces');
  disk.ensureDirectory('/etc/iscsi/nodes');
  disk.ensureDirectory('/etc/iscsi/send_targets');
  disk.ensureDirectory('/etc/multipath');
  disk.ensureDirectory('/var/lib');
  for (const program of ['iscsiadm', 'iscsid', 'multipath', 'multipathd']) {
    disk.write(`/usr/sbin/${program}`, '', 0o755);
  }
  disk.write('/usr/bin/sync', '', 0o755);
}

/** What the daemons leave in `/run`. */
export function layOutRun(run: DiskDirectory): void {
  run.write('/iscsid.pid', '412\n');
  run.write('/multipathd.pid', '398\n');
  run.ensureDirectory('/lock/iscsi');
}

/** The settings that differ from the built-in ones. */
const ISCSID_CONF = `iscsid.startup = /bin/systemctl start iscsid.socket
node.startup = manual
node.session.timeo.replacement_timeout = 120
node.conn[0].timeo.login_timeout = 15
node.session.initial_login_retry_max = 8
node.session.scan = auto
`;
