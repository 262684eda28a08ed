import { ISCSI_ERR } from '../kernel/iscsi-initiator.js';
import type { Session } from '../kernel/session.js';
import { programEnd, type ProgramEnd } from './command-handler.js';
import type { IscsiadmMode, Machine } from './iscsiadm-mode.js';
import { listedPortal, reportedError } from './iscsiadm-words.js';

/** `iscsiadm -m session`: the list, the scan of all, and the logout of one. */
export const sessionMode: IscsiadmMode = async (machine, options) => {
  if (options.has('--sid') && options.has('--logout')) {
    return logOutSession(machine, Number(options.get('--sid')));
  }
  if (options.has('--rescan')) return rescan(machine, machine.running.initiator.sessions);
  return options.has('--sid') || options.has('--op') ? undefined : list(machine);
};

async function list({ host, running }: Machine): Promise<ProgramEnd> {
  await running.boot.sleep(host.durations.iscsiadmIdle);
  const { sessions } = running.initiator;
  if (sessions.length === 0) {
    return programEnd(ISCSI_ERR.noObjects, { stderr: 'iscsiadm: No active sessions.\n' });
  }
  const lines = sessions.map(
    ({ sid, address, port, tpgt, iqn }) =>
      `tcp: [${sid}] ${listedPortal(address, port, tpgt)} ${iqn} (non-flash)\n`,
  );
  return programEnd(ISCSI_ERR.success, { stdout: lines.join('') });
}

/** A wildcard scan of each session. */
export async function rescan(
  { running }: Machine,
  sessions: readonly Session[],
): Promise<ProgramEnd> {
  await Promise.all(sessions.map((session) => running.scsi.scan(session, {})));
  const lines = sessions.map(
    ({ sid, iqn, address, port }) =>
      `Rescanning session [sid: ${sid}, target: ${iqn}, portal: ${address},${port}]\n`,
  );
  return programEnd(ISCSI_ERR.success, { stdout: lines.join('') });
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

/** Logs one session out, and says so. */
export async function endSession({ running }: Machine, sid: number): Promise<ProgramEnd> {
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
