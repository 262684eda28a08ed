import { FIXED_BOUNDS } from '../../contract/policy.js';
import { findNodeRecord } from '../../host/iscsiadm/node-database.js';
import { findSessions } from '../../host/sysfs/iscsi-session.js';
import { requirePortalTarget } from '../input-checks.js';
import type { VerbContext } from '../verb-context.js';
import type { PortalTarget, RemovalOutcome } from '../verbs.js';
import { failedEnd } from './failed-end.js';

/** Removes the node record, unless its session is still there: that could never log in again. */
export async function deleteNodeRecord(
  context: VerbContext,
  input: PortalTarget,
): Promise<RemovalOutcome> {
  requirePortalTarget(input);
  return context.changingRecords(async () => {
    const [session] = await findSessions(context.files, input);
    if (session !== undefined) {
      return { kind: 'busy', said: `session ${session.sid} to ${session.portal} is still there` };
    }
    const record = await findNodeRecord(context.files, input);
    if (record === undefined) return { kind: 'already-gone' };
    const { iqn, portal, iface } = record;
    const end = await context.run({
      program: 'iscsiadm',
      args: ['-m', 'node', '-T', iqn, '-p', portal, '-I', iface, '-o', 'delete'],
      timeoutMs: FIXED_BOUNDS.iscsiadmTimeoutMs,
    });
    // Not the code decides: 6 and 21 also come when the record is gone.
    const left = await findNodeRecord(context.files, input);
    return left === undefined ? { kind: 'done' } : failedEnd(end);
  });
}
