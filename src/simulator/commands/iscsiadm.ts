import { ISCSI_ERR, type IscsiError } from '../kernel/iscsi-initiator.js';
import type { LinuxHost, RunningHost } from '../linux-host.js';
import { recordPortal, typedPortal } from '../userland/node-database.js';
import {
  programEnd,
  UnknownCommand,
  type ProgramEnd,
  type ProgramModel,
} from './command-handler.js';

/** Words of iscsiadm 2.1.8 for iscsid's answers (`usr/iscsi_err.c`). */
const ERROR_TEXTS: Readonly<Partial<Record<IscsiError, string>>> = {
  [ISCSI_ERR.sessionNotFound]: 'session not found',
  [ISCSI_ERR.database]: 'encountered iSCSI database failure',
  [ISCSI_ERR.connectTimeout]: 'connection timed out',
  [ISCSI_ERR.fatalLogin]: 'encountered non-retryable iSCSI login failure',
  [ISCSI_ERR.noObjects]: 'no objects found',
  [ISCSI_ERR.loginAuthorisation]: 'iSCSI login failed due to authorization failure',
};

interface Machine {
  readonly host: LinuxHost;
  readonly running: RunningHost;
}

interface Node {
  readonly iqn: string;
  readonly portal: string;
  readonly iface?: string;
}

/** iscsiadm 2.1.8, as far as mooring and people at a shell use it. */
export const iscsiadm: ProgramModel = async (machine, args) => {
  const options = parseOptions(args);
  const mode = options.get('-m');
  if (mode === 'session' && options.has('-r') && options.has('--logout')) {
    return logOutSession(machine, Number(options.get('-r')));
  }
  const iqn = options.get('-T');
  const portal = options.get('-p');
  const iface = options.get('-I');
  if (mode !== 'node' || iqn === undefined || portal === undefined) {
    throw new UnknownCommand('iscsiadm', args);
  }
  const node = { iqn, portal, ...(iface === undefined ? {} : { iface }) };
  if (!(await takeDatabaseLock(machine))) return databaseFailure();
  if (options.has('--login')) return logIn(machine, node);
  if (options.has('--logout')) return logOutNode(machine, node);
  if (options.get('-o') === 'new') return create(machine, { iface: 'default', ...node });
  if (options.get('-o') === 'delete') return remove(machine, node);
  throw new UnknownCommand('iscsiadm', args);
};

async function create(
  { host, running }: Machine,
  node: Node & { readonly iface: string },
): Promise<ProgramEnd> {
  await running.boot.sleep(host.durations.recordNew);
  if (node.iface !== 'default' && host.disk.read(`/etc/iscsi/ifaces/${node.iface}`) === undefined) {
    return programEnd(ISCSI_ERR.noMemory, {
      stderr: `iscsiadm: Could not read iface info for ${node.iface}.\n`,
    });
  }
  if (host.faults.has('disk-full', ({ under }) => '/etc/iscsi/nodes'.startsWith(under))) {
    return databaseFailure();
  }
  const { address, port } = host.nodes.create(node);
  const iface = `[tcp:[hw=,ip=,net_if=,iscsi_if=${node.iface}]`;
  return programEnd(ISCSI_ERR.success, {
    stdout: `New iSCSI node ${iface} ${address},${port},-1 ${node.iqn}] added\n`,
  });
}

async function logIn({ host, running }: Machine, node: Node): Promise<ProgramEnd> {
  const { boot, initiator } = running;
  const record = host.nodes.find(node);
  if (record === undefined) return noRecords(boot, host.durations.iscsiadmIdle);
  const name = `[iface: ${record.iface}, target: ${record.iqn}, portal: ${record.address},${record.port}]`;
  const answer = await initiator.logIn(record);
  if (answer === ISCSI_ERR.sessionExists) {
    await boot.sleep(host.durations.iscsiadmIdle);
    return programEnd(answer, {
      stderr:
        `iscsiadm: ${record.iface}: 1 session requested, but 1 already present.\n` +
        'iscsiadm: Could not log into all portals\n',
    });
  }
  const stdout = `Logging in to ${name}\n`;
  if (answer === ISCSI_ERR.success) {
    return programEnd(answer, { stdout: `${stdout}Login to ${name} successful.\n` });
  }
  return programEnd(answer, {
    stdout,
    stderr:
      `iscsiadm: Could not login to ${name}.\n${reportedError(answer)}` +
      'iscsiadm: Could not log into all portals\n',
  });
}

async function logOutNode(machine: Machine, node: Node): Promise<ProgramEnd> {
  const { host, running } = machine;
  // By what the kernel has: a record is not needed.
  const portal = recordPortal(typedPortal(node.portal));
  const session = running.initiator.sessions.find(
    (each) => each.iqn === node.iqn && each.portal === portal,
  );
  if (session !== undefined) return endSession(machine, session.sid);
  await running.boot.sleep(host.durations.iscsiadmIdle);
  return programEnd(ISCSI_ERR.noObjects, { stderr: 'iscsiadm: No matching sessions found\n' });
}

async function logOutSession(machine: Machine, sid: number): Promise<ProgramEnd> {
  const { host, running } = machine;
  if (running.initiator.session(sid) !== undefined) return endSession(machine, sid);
  await running.boot.sleep(host.durations.iscsiadmIdle);
  return programEnd(ISCSI_ERR.sysfsLookup, {
    stderr:
      'iscsiadm: could not read session targetname: 5\n' +
      `iscsiadm: Could not get session info for sid ${sid}\n`,
  });
}

async function endSession({ running }: Machine, sid: number): Promise<ProgramEnd> {
  const session = running.initiator.session(sid);
  const end = `target: ${session?.iqn}, portal: ${session?.address},${session?.port}`;
  const others = running.initiator.sessions;
  const answer = await running.initiator.logOut(sid);
  const gone = others.filter((each) => each.sid !== sid && !running.initiator.session(each.sid));
  const stdout = `Logging out of session [sid: ${sid}, ${end}]\n`;
  if (answer === ISCSI_ERR.success) {
    return programEnd(answer, {
      stdout: `${stdout}Logout of [sid: ${sid}, ${end}] successful.\n`,
      stderr: gone.map((other) => stumbledOver(other.sid)).join(''),
    });
  }
  return programEnd(answer, {
    stdout,
    stderr: `iscsiadm: Could not logout of [sid: ${sid}, ${end}].\n${reportedError(answer)}`,
  });
}

/** iscsiadm walks all sessions in sysfs, and complains of those that go meanwhile; exit 0 stays. */
function stumbledOver(sid: number): string {
  return (
    'iscsiadm: could not read session targetname: 5\n' +
    `iscsiadm: could not find session info for session${sid}\n`
  );
}

/** Deletions under way, by host and target: two of them trip over each other. */
const deleting = new WeakMap<RunningHost, Map<string, number>>();

async function remove({ host, running }: Machine, node: Node): Promise<ProgramEnd> {
  const record = host.nodes.find(node);
  if (record === undefined) return noRecords(running.boot, host.durations.iscsiadmIdle);
  if (running.initiator.ofRecord(record) !== undefined) {
    await running.boot.sleep(host.durations.iscsiadmIdle);
    const { iface, iqn, address, port } = record;
    return programEnd(ISCSI_ERR.sessionExists, {
      stderr:
        `iscsiadm: This command will remove the record [iface: ${iface}, target: ${iqn}, ` +
        `portal: ${address},${port}], but a session is using it. Logout session then rerun command ` +
        'to remove record.\niscsiadm: Could not execute operation on all records: session exists\n',
    });
  }
  const underWay = deleting.get(running) ?? new Map<string, number>();
  deleting.set(running, underWay);
  const alone = (underWay.get(node.iqn) ?? 0) === 0;
  underWay.set(node.iqn, (underWay.get(node.iqn) ?? 0) + 1);
  await running.boot.sleep(host.durations.recordDelete);
  underWay.set(node.iqn, (underWay.get(node.iqn) ?? 1) - 1);
  host.nodes.delete(node);
  if (alone) return programEnd(ISCSI_ERR.success);
  // Seen with 2.1.8: the record is gone all the same.
  return programEnd(ISCSI_ERR.database, {
    stderr:
      `iscsiadm: iface iter could not stat /etc/iscsi/nodes/${node.iqn}.\n` +
      `iscsiadm: Could not execute operation on all records: ${ERROR_TEXTS[ISCSI_ERR.database]}\n`,
  });
}

async function takeDatabaseLock({ host, running }: Machine): Promise<boolean> {
  const { faults, durations } = host;
  const free = (): boolean =>
    !faults.has('database-locked') && running.run.read('/lock/iscsi/lock.write') === undefined;
  return running.boot.waitFor(free, () => faults.changes.next(), durations.databaseLockWait);
}

async function noRecords(boot: RunningHost['boot'], ms: number): Promise<ProgramEnd> {
  await boot.sleep(ms);
  return programEnd(ISCSI_ERR.noObjects, { stderr: 'iscsiadm: No records found\n' });
}

function databaseFailure(): ProgramEnd {
  return programEnd(ISCSI_ERR.database, { stderr: reportedError(ISCSI_ERR.database) });
}

function reportedError(answer: IscsiError): string {
  return `iscsiadm: initiator reported error (${answer} - ${ERROR_TEXTS[answer] ?? 'unknown error'})\n`;
}

/** Options with a value, and flags with an empty one. */
function parseOptions(args: readonly string[]): Map<string, string> {
  const options = new Map<string, string>();
  for (let at = 0; at < args.length; at += 1) {
    const name = args[at] ?? '';
    const isFlag = name.startsWith('--');
    options.set(name, isFlag ? '' : (args[at + 1] ?? ''));
    if (!isFlag) at += 1;
  }
  return options;
}
