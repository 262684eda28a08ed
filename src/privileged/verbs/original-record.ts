import { createHash } from 'node:crypto';
import { sessionKey } from '../../contract/path-key.js';
import { ifPresent } from '../../host/file-tree.js';
import { DATABASES, findNodeRecord, type NodeRecord } from '../../host/iscsiadm/node-database.js';
import { findSessions } from '../../host/sysfs/iscsi-session.js';
import { requirePortalTarget } from '../input-checks.js';
import type { VerbContext } from '../verb-context.js';
import type { PortalTarget, RemovalOutcome } from '../verbs.js';

/**
 * Beside the records, where iscsiadm looks for none: a record that somebody else made, as it was
 * before mooring wrote its settings into it. It outlives reboots as the record does.
 */
const ORIGINALS = 'mooring';

/** Keeps a record's text before it is edited for the first time. */
export async function keepOriginal(context: VerbContext, record: NodeRecord): Promise<void> {
  const kept = originalPath(record.database, record);
  if ((await ifPresent(context.files.readText(kept))) !== undefined) return;
  await context.writer.replaceFile(kept, record.text, 0o600);
}

/** Gives a record of somebody else its old text back, unless its session is still there. */
export async function restoreNodeRecord(
  context: VerbContext,
  input: PortalTarget,
): Promise<RemovalOutcome> {
  requirePortalTarget(input);
  return context.changingRecord(input, async () => {
    for (const database of DATABASES) {
      const kept = originalPath(database, input);
      const text = await ifPresent(context.files.readText(kept));
      if (text === undefined) continue;
      const [session] = await findSessions(context.files, input);
      if (session !== undefined) {
        return { kind: 'busy', said: `session ${session.sid} to ${session.portal} is still there` };
      }
      const record = await findNodeRecord(context.files, input);
      // One that was deleted meanwhile stays deleted.
      if (record !== undefined) {
        await context.writer.replaceFile(record.path, text, 0o600, record.database);
      }
      await context.writer.removeFile(kept);
      return { kind: 'done' };
    }
    return { kind: 'already-gone' };
  });
}

function originalPath(database: string, record: PortalTarget): string {
  const name = createHash('sha256')
    .update(`${sessionKey(record)} ${record.iface}`)
    .digest('hex');
  return `${database}/${ORIGINALS}/${name.slice(0, 32)}`;
}
