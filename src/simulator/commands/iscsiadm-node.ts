import { ISCSI_ERR, type IscsiError } from '../kernel/iscsi-initiator.js';
import type { Session } from '../kernel/session.js';
import type { RunningHost } from '../linux-host.js';
import { recordPortal, type RecordPattern, type StoredRecord } from '../userland/node-database.js';
import { programEnd, type ProgramEnd } from './command-handler.js';
import type { IscsiadmMode, Machine } from './iscsiadm-mode.js';
import type { IscsiadmOptions } from './iscsiadm-options.js';
import { endSession, rescan } from './iscsiadm-session.js';
import {
  databaseFailure,
  errorText,
  listedPortal,
  nodeName,
  noRecords,
  reportedError,
} from './iscsiadm-words.js';

/** `iscsiadm -m node`: records and the sessions made of them. */
export const nodeMode: IscsiadmMode = async (machine, options) => {
  const pattern = patternOf(options);
  if (options.has('--login')) return logIn(machine, pattern);
  if (options.has('--logout')) return logOut(machine, pattern);
  if (options.has('--rescan')) return rescan(machine, sessionsOf(machine, pattern));
  switch (options.get('--op')) {
    case 'new':
      return create(machine, pattern);
    case 'delete':
      return remove(machine, pattern);
    case 'update':
      return update(machine, pattern, options);
    case undefined:
    case 'show':
      return show(machine, pattern);
    default:
      return undefined;
  }
};

function patternOf(options: IscsiadmOptions): RecordPattern {
  const [iqn, iface] = [options.get('--targetname'), options.get('--interface')];
  const { portal } = options;
  return {
    ...(iqn === undefined ? {} : { iqn }),
    ...(portal === undefined ? {} : { portal }),
    ...(iface === undefined ? {} : { iface }),
  };
}

async function create(
  { host, running }: Machine,
  { iqn, portal, iface = 'default' }: RecordPattern,
): Promise<ProgramEnd | undefined> {
  if (iqn === undefined || portal === undefined) return undefined;
  await running.boot.sleep(host.durations.recordNew);
  if (!host.ifaces.has(iface)) {
    const stderr = `iscsiadm: Could not read iface info for ${iface}.\n`;
    return programEnd(ISCSI_ERR.noMemory, { stderr });
  }
  const record = { iqn, portal, iface };
  if (host.nodes.isTaken(record)) return databaseFailure();
  if (host.faults.has('disk-full', ({ under }) => '/etc/iscsi/nodes'.startsWith(under))) {
    host.nodes.createEmpty(record);
    return databaseFailure();
  }
  host.nodes.create(record);
  const { address, port, tpgt = -1 } = portal;
  const bound = `[tcp:[hw=,ip=,net_if=,iscsi_if=${iface}]`;
  return programEnd(ISCSI_ERR.success, {
    stdout: `New iSCSI node ${bound} ${address},${port},${tpgt} ${iqn}] added\n`,
  });
}

async function show({ host, running }: Machine, pattern: RecordPattern): Promise<ProgramEnd> {
  await running.boot.sleep(host.durations.iscsiadmIdle);
  const records = host.nodes.match(pattern);
  if (records.length === 0) return noRecords();
  const isOne = pattern.iqn !== undefined && pattern.portal !== undefined;
  const lines = records.map(({ path, address, port, tpgt, iqn }) =>
    isOne ? (host.disk.read(path) ?? '') : `${listedPortal(address, port, tpgt)} ${iqn}\n`,
  );
  return programEnd(ISCSI_ERR.success, { stdout: lines.join('') });
}

async function update(
  { host, running }: Machine,
  pattern: RecordPattern,
  options: IscsiadmOptions,
): Promise<ProgramEnd | undefined> {
  const [name, value] = [options.get('--name'), options.get('--value')];
  if (name === undefined || value === undefined) return undefined;
  await running.boot.sleep(host.durations.iscsiadmIdle);
  const records = host.nodes.match(pattern);
  if (records.length === 0) return noRecords();
  for (const record of records) host.nodes.update(record, name, value);
  return programEnd(ISCSI_ERR.success);
}

/** All records that match at the same time, as iscsiadm does it. */
async function logIn(machine: Machine, pattern: RecordPattern): Promise<ProgramEnd> {
  const { host, running } = machine;
  const records = host.nodes.match(pattern);
  if (records.length === 0) {
    await running.boot.sleep(host.durations.iscsiadmIdle);
    return noRecords();
  }
  const ends = await Promise.all(records.map((record) => logInRecord(machine, record)));
  const failure = ends.find(({ exitCode }) => exitCode !== 0)?.exitCode;
  return programEnd(failure ?? ISCSI_ERR.success, {
    stdout: ends.map(({ stdout }) => stdout).join(''),
    stderr:
      ends.map(({ stderr }) => stderr).join('') +
      (failure === undefined ? '' : 'iscsiadm: Could not log into all portals\n'),
  });
}

async function logInRecord({ host, running }: Machine, record: StoredRecord): Promise<ProgramEnd> {
  const { boot, initiator } = running;
  const { sessions } = record.settings;
  const missing = sessions - initiator.ofRecord(record).length;
  if (missing <= 0) {
    await boot.sleep(host.durations.iscsiadmIdle);
    const requested = `${sessions} session${sessions === 1 ? '' : 's'} requested`;
    return programEnd(ISCSI_ERR.sessionExists, {
      stderr: `iscsiadm: ${record.iface}: ${requested}, but ${sessions} already present.\n`,
    });
  }
  const answers = await Promise.all(Array.from({ length: missing }, () => initiator.logIn(record)));
  return joined(answers.map((answer) => loginEnd(record, answer)));
}

function loginEnd(record: StoredRecord, answer: IscsiError): ProgramEnd {
  const name = nodeName(record);
  const stdout = `Logging in to ${name}${record.settings.sessions === 1 ? '' : ' (multiple)'}\n`;
  return answer === ISCSI_ERR.success
    ? programEnd(answer, { stdout: `${stdout}Login to ${name} successful.\n` })
    : programEnd(answer, {
        stdout,
        stderr: `iscsiadm: Could not login to ${name}.\n${reportedError(answer)}`,
      });
}

/** By what the kernel has: a record is not needed. */
async function logOut(machine: Machine, pattern: RecordPattern): Promise<ProgramEnd> {
  const { host, running } = machine;
  const sessions = sessionsOf(machine, pattern);
  if (sessions.length === 0) {
    await running.boot.sleep(host.durations.iscsiadmIdle);
    return programEnd(ISCSI_ERR.noObjects, { stderr: 'iscsiadm: No matching sessions found\n' });
  }
  const ends = await Promise.all(sessions.map(({ sid }) => endSession(machine, sid)));
  return joined(ends);
}

function sessionsOf({ running }: Machine, { iqn, portal, iface }: RecordPattern): Session[] {
  return running.initiator.sessions.filter(
    (each) =>
      (iqn === undefined || each.iqn === iqn) &&
      (iface === undefined || each.iface === iface) &&
      (portal === undefined || each.portal === recordPortal(portal)),
  );
}

/** Deletions under way, by host and target: two of them trip over each other. */
const deleting = new WeakMap<RunningHost, Map<string, number>>();

async function remove(machine: Machine, pattern: RecordPattern): Promise<ProgramEnd> {
  const { host, running } = machine;
  const records = host.nodes.match(pattern);
  if (records.length === 0) {
    await running.boot.sleep(host.durations.iscsiadmIdle);
    return noRecords();
  }
  const ends: ProgramEnd[] = [];
  for (const record of records) ends.push(await removeRecord(machine, record));
  return joined(ends);
}

async function removeRecord({ host, running }: Machine, record: StoredRecord): Promise<ProgramEnd> {
  const { iqn } = record;
  if (running.initiator.ofRecord(record).length > 0) {
    await running.boot.sleep(host.durations.iscsiadmIdle);
    return programEnd(ISCSI_ERR.sessionExists, {
      stderr:
        `iscsiadm: This command will remove the record ${nodeName(record)}, but a session is ` +
        'using it. Logout session then rerun command to remove record.\n' +
        'iscsiadm: Could not execute operation on all records: session exists\n',
    });
  }
  const underWay = deleting.get(running) ?? new Map<string, number>();
  deleting.set(running, underWay);
  const alone = (underWay.get(iqn) ?? 0) === 0;
  underWay.set(iqn, (underWay.get(iqn) ?? 0) + 1);
  await running.boot.sleep(host.durations.recordDelete);
  underWay.set(iqn, (underWay.get(iqn) ?? 1) - 1);
  host.nodes.delete(record);
  if (alone) return programEnd(ISCSI_ERR.success);
  // Seen with 2.1.8: the record is gone all the same.
  return programEnd(ISCSI_ERR.database, {
    stderr:
      `iscsiadm: iface iter could not stat /etc/iscsi/nodes/${iqn}.\n` +
      `iscsiadm: Could not execute operation on all records: ${errorText(ISCSI_ERR.database)}\n`,
  });
}

/** With several objects iscsiadm answers the first error. */
function joined(ends: readonly ProgramEnd[]): ProgramEnd {
  const failure = ends.find(({ exitCode }) => exitCode !== 0);
  return programEnd(failure?.exitCode ?? ISCSI_ERR.success, {
    stdout: ends.map(({ stdout }) => stdout).join(''),
    stderr: ends.map(({ stderr }) => stderr).join(''),
  });
}
