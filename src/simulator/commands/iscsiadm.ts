import { UnknownCommand, type ProgramModel } from './command-handler.js';
import { discoveryMode, discoveryRecordMode } from './iscsiadm-discovery.js';
import { ifaceMode } from './iscsiadm-iface.js';
import type { IscsiadmMode, Machine } from './iscsiadm-mode.js';
import { nodeMode } from './iscsiadm-node.js';
import { IscsiadmOptions } from './iscsiadm-options.js';
import { sessionMode } from './iscsiadm-session.js';
import { databaseFailure } from './iscsiadm-words.js';

/** Modes that take the node database's lock. */
const DATABASE_MODES: Readonly<Record<string, IscsiadmMode>> = {
  node: nodeMode,
  discovery: discoveryMode,
  discoverydb: discoveryRecordMode,
  iface: ifaceMode,
};

/** iscsiadm 2.1.8, as far as mooring and people at a shell use it. */
export const iscsiadm: ProgramModel = async (machine, args) => {
  const options = new IscsiadmOptions(args);
  const mode = options.get('--mode') ?? '';
  const ofDatabase = DATABASE_MODES[mode];
  if (ofDatabase !== undefined && !(await takeDatabaseLock(machine))) return databaseFailure();
  const run = mode === 'session' ? sessionMode : ofDatabase;
  const end = await run?.(machine, options);
  if (end === undefined) throw new UnknownCommand('iscsiadm', args);
  return end;
};

async function takeDatabaseLock({ host, running }: Machine): Promise<boolean> {
  const { faults, durations } = host;
  const free = (): boolean =>
    !faults.has('database-locked') && running.run.read('/lock/iscsi/lock.write') === undefined;
  return running.boot.waitFor(free, () => faults.changes.next(), durations.databaseLockWait);
}
