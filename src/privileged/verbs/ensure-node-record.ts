import { normalisePortal } from '../../contract/portal.js';
import { ISCSIADM_EXIT } from '../../host/iscsiadm/exit-codes.js';
import {
  findNodeRecord,
  findNodeRecords,
  type NodeRecord,
} from '../../host/iscsiadm/node-database.js';
import { applySettings } from '../../host/iscsiadm/node-record.js';
import { mooringSettings } from '../../host/iscsiadm/node-settings.js';
import { CommandFailure } from '../command-failure.js';
import { requireNodeSettings, requirePortalTarget } from '../input-checks.js';
import type { VerbContext } from '../verb-context.js';
import type { EnsuredRecord, NodeSettings, PortalTarget } from '../verbs.js';
import { noteOriginal } from './original-record.js';
import { repeatIscsiadm } from './repeat-iscsiadm.js';
import { requireIface } from './has-iface.js';

const PURPOSE = 'make a node record';

/** Makes the node record if it is missing, and sets what it must say by editing its file. */
export async function ensureNodeRecord(
  context: VerbContext,
  input: PortalTarget & NodeSettings,
): Promise<EnsuredRecord> {
  requirePortalTarget(input);
  requireNodeSettings(input);
  await requireIface(context, input.iface);
  // Before anything is made: without its secrets a record is of no use.
  const { chap, mutualChap, loginTimeoutSeconds } = input;
  const settings = mooringSettings({
    loginTimeoutSeconds,
    ...(chap === undefined ? {} : { chap: await context.resolveChap(chap) }),
    ...(mutualChap === undefined ? {} : { mutualChap: await context.resolveChap(mutualChap) }),
  });
  return context.changingRecord(input, async () => {
    const found = await findWhole(context, input);
    // The note comes before the deed: whoever dies in between must not leak what it made.
    if (found === undefined) await noteOriginal(context, input, undefined);
    const record = found ?? (await makeRecord(context, input));
    const text = applySettings(record.text, settings);
    const changed = text !== record.text;
    if (changed) {
      if (found !== undefined) await noteOriginal(context, input, found);
      await context.writer.replaceFile(record.path, text, 0o600);
    }
    return { made: found === undefined, changed };
  });
}

async function makeRecord(context: VerbContext, input: PortalTarget): Promise<NodeRecord> {
  const { iqn, portal, iface } = input;
  const others = await findNodeRecords(context.files, input);
  const inTheWay = others.find((record) => record.isWholePortal && !record.isTorn);
  if (inTheWay !== undefined) {
    // open-iscsi keeps records without a portal group tag one to a portal: the new would replace it.
    const said = `${portal} has a record for iface ${inTheWay.iface} that would be replaced`;
    throw new CommandFailure({ program: 'iscsiadm', purpose: PURPOSE, said });
  }
  const args = ['-m', 'node', '-T', iqn, '-p', normalisePortal(portal), '-I', iface, '-o', 'new'];
  const tryIt = () => repeatIscsiadm(context, args, () => findWhole(context, input));
  let { end, seen: record } = await tryIt();
  // Only for this end: with any other, somebody may be about to write it.
  const isBlocked = record === undefined && end.exitCode === ISCSIADM_EXIT.databaseError;
  if (isBlocked && (await removeTorn(context, input))) {
    ({ end, seen: record } = await tryIt());
  }
  if (record === undefined) {
    const { timedOut, said, exitCode } = end;
    const exit = exitCode === undefined ? {} : { exitCode };
    throw new CommandFailure({ program: 'iscsiadm', purpose: PURPOSE, timedOut, said, ...exit });
  }
  return record;
}

/** A full disk or a power cut leaves a record without content, over which iscsiadm writes no new one. */
async function removeTorn(context: VerbContext, input: PortalTarget): Promise<boolean> {
  const record = await findNodeRecord(context.files, input);
  if (record?.isTorn !== true) return false;
  await context.writer.removeFile(record.path);
  return true;
}

/** A record that iscsiadm can read. */
async function findWhole(
  context: VerbContext,
  input: PortalTarget,
): Promise<NodeRecord | undefined> {
  const record = await findNodeRecord(context.files, input);
  return record?.isTorn === true ? undefined : record;
}
