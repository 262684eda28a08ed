import { createHash } from 'node:crypto';
import { sessionKey } from '../../contract/path-key.js';
import { ifPresent } from '../../host/file-tree.js';
import { findNodeRecord, type NodeRecord } from '../../host/iscsiadm/node-database.js';
import { findSessions } from '../../host/sysfs/iscsi-session.js';
import { requirePortalTarget } from '../input-checks.js';
import type { VerbContext } from '../verb-context.js';
import type { NodeRecordEnd, NodeRecordFate, PortalTarget } from '../verbs.js';
import { failedEnd } from './failed-end.js';
import { repeatIscsiadm } from './repeat-iscsiadm.js';

/**
 * What a node record said before mooring touched it; empty when there was none. Beside the records,
 * where iscsiadm looks for none, because it must outlive process and boot as the record does.
 */
const ORIGINALS = '/etc/iscsi/mooring/records';

/** Notes what a record says before it is made or edited for the first time. */
export async function noteOriginal(
  context: VerbContext,
  input: PortalTarget,
  record: NodeRecord | undefined,
): Promise<void> {
  const noted = await ifPresent(context.files.readText(originalPath(input)));
  // A record that has gone since is made anew now, whatever it was before.
  if (noted !== undefined && (record !== undefined || noted === '')) return;
  await context.writer.replaceFile(originalPath(input), record?.text ?? '', 0o600);
}

/** What {@link putBackNodeRecord} would do now. */
export async function nodeRecordFate(
  context: VerbContext,
  input: PortalTarget,
): Promise<NodeRecordFate> {
  requirePortalTarget(input);
  const original = await ifPresent(context.files.readText(originalPath(input)));
  const record = await findNodeRecord(context.files, input);
  if (original === undefined || record === undefined) return 'keep';
  return original === '' ? 'delete' : 'restore';
}

/**
 * Makes the node record what it was before mooring came: gone, or with its old text. One that would go
 * is kept while its session is there, which could never log in again.
 */
export async function putBackNodeRecord(
  context: VerbContext,
  input: PortalTarget,
): Promise<NodeRecordEnd> {
  requirePortalTarget(input);
  return context.changingRecord(input, async () => {
    const original = await ifPresent(context.files.readText(originalPath(input)));
    if (original === undefined) return { kind: 'not-ours' };
    const record = await findNodeRecord(context.files, input);
    const [session] = await findSessions(context.files, input);
    if (original === '' && record !== undefined && session !== undefined) {
      return { kind: 'busy', said: `session ${session.sid} to ${session.portal} is still there` };
    }
    const end = record === undefined ? GONE : await putBack(context, record, original);
    if (end.kind === 'deleted' || end.kind === 'restored' || end.kind === 'already-gone') {
      await context.writer.removeFile(originalPath(input));
    }
    return end;
  });
}

const GONE: NodeRecordEnd = { kind: 'already-gone' };

async function putBack(
  context: VerbContext,
  record: NodeRecord,
  original: string,
): Promise<NodeRecordEnd> {
  if (original !== '') {
    await context.writer.replaceFile(record.path, original, 0o600);
    return { kind: 'restored' };
  }
  if (record.isTorn) {
    // iscsiadm sees no record there, so it deletes none.
    await context.writer.removeFile(record.path);
    return { kind: 'deleted' };
  }
  const { iqn, portal, iface } = record;
  const args = ['-m', 'node', '-T', iqn, '-p', portal, '-I', iface, '-o', 'delete'];
  // Not the code decides: 6 and 21 also come when the record is gone.
  const { end, seen } = await repeatIscsiadm(context, args, async () =>
    (await findNodeRecord(context.files, record)) === undefined ? true : undefined,
  );
  return seen === undefined ? failedEnd(end) : { kind: 'deleted' };
}

function originalPath(record: PortalTarget): string {
  const key = `${sessionKey(record)} ${record.iface}`;
  return `${ORIGINALS}/${createHash('sha256').update(key).digest('hex').slice(0, 32)}`;
}
