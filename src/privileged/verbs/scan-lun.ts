import { isAbsence, type FileTree } from '../../host/file-tree.js';
import {
  isSessionTo,
  placeSessions,
  readSession,
  type PlacedSession,
} from '../../host/sysfs/iscsi-session.js';
import { devicesOfLun, readScsiTargets } from '../../host/sysfs/scsi-device.js';
import { requireKernelLun, requirePortalTarget, requireSid } from '../input-checks.js';
import type { VerbContext } from '../verb-context.js';
import type { AdditionOutcome, PortalTarget } from '../verbs.js';

/** A scan returns when the device exists, 0.06 to 0.25 s in the lab; over a dead path it hangs. */
const SCAN_ANSWER_MS = 5_000;

/** Has the kernel look for exactly one LUN below one session. */
export async function scanLun(
  context: VerbContext,
  input: PortalTarget & { readonly sid: number; readonly lun: number },
): Promise<AdditionOutcome> {
  requirePortalTarget(input);
  requireSid(input.sid);
  requireKernelLun(input.lun);
  const { files } = context;
  const session = await readSession(files, input.sid);
  if (session === undefined || !isSessionTo(session, input)) {
    return { kind: 'refused', said: `session ${input.sid} to ${input.portal} is gone` };
  }
  // A device that is complete gains nothing from a scan; one without disk or identity may.
  const [there] = await devicesOfLun(files, session, input.lun);
  if (there?.block !== undefined && there.wwid !== undefined) return { kind: 'already-so' };
  const place = await scanPlace(files, session);
  return ask(context, scanOf(session), `${place} ${input.lun}`);
}

/** Whether the kernel still looks for this LUN below one session: it may find it any moment. */
export async function isScanUnderWay(
  { files, kernel }: VerbContext,
  { sid, lun }: { readonly sid: number; readonly lun: number },
): Promise<boolean> {
  requireSid(sid);
  requireKernelLun(lun);
  const session = await readSession(files, sid);
  if (session === undefined) return false;
  return kernel.underWay(scanOf(session)).some((value) => value.endsWith(` ${lun}`));
}

function scanOf({ scsiHost }: PlacedSession): string {
  return `/sys/class/scsi_host/host${scsiHost}/scan`;
}

async function ask(context: VerbContext, path: string, value: string): Promise<AdditionOutcome> {
  try {
    const answered = await context.kernel.write(path, value, SCAN_ANSWER_MS);
    if (answered) return { kind: 'done' };
    return { kind: 'timed-out', said: `the scan goes on after ${SCAN_ANSWER_MS} ms` };
  } catch (error) {
    if (isAbsence(error)) return { kind: 'refused', said: 'the SCSI host is gone' };
    throw error;
  }
}

/**
 * Channel and target number. Known once the session has had a scan; before that a host of one session,
 * as iscsi_tcp makes them, has its target at 0:0. Adapters with several sessions on one host choose the
 * number themselves, so there it is left open: the LUN stays exact.
 */
async function scanPlace(files: FileTree, session: PlacedSession): Promise<string> {
  const [target] = await readScsiTargets(files, session);
  if (target !== undefined) return `${target.channel} ${target.target}`;
  const sessions = await placeSessions(files);
  const alone = sessions.every(
    ({ sid, scsiHost }) => sid === session.sid || scsiHost !== session.scsiHost,
  );
  return alone ? '0 0' : '- -';
}
