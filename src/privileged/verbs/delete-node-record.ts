import { findNodeRecord } from '../../host/iscsiadm/node-database.js';
import { findSessions } from '../../host/sysfs/iscsi-session.js';
import { requirePortalTarget } from '../input-checks.js';
import type { VerbContext } from '../verb-context.js';
import type { PortalTarget, RemovalOutcome } from '../verbs.js';
import { failedEnd } from './failed-end.js';
import { repeatIscsiadm } from './repeat-iscsiadm.js';

/** Removes the node record, unless its session is still there: that could never log in again. */
export async function deleteNodeRecord(
  context: VerbContext,
  input: PortalTarget,
): Promise<RemovalOutcome> {
  requirePortalTarget(input);
  return context.changingRecord(input, async () => {
    const [session] = await findSessions(context.files, input);
    if (session !== undefined) {
      return { kind: 'busy', said: `session ${session.sid} to ${session.portal} is still there` };
    }
    const record = await findNodeRecord(context.files, input);
    if (record === undefined) return { kind: 'already-gone' };
    const { iqn, portal, iface } = record;
    const args = ['-m', 'node', '-T', iqn, '-p', portal, '-I', iface, '-o', 'delete'];
    const { end, seen } = await repeatIscsiadm(context, args, async () =>
      (await findNodeRecord(context.files, input)) === undefined ? true : undefined,
    );
    return seen === undefined ? failedEnd(end) : { kind: 'done' };
  });
}
