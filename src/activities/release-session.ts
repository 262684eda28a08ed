import { createFailure } from '../contract/failures.js';
import { failedGates, type Gate } from '../host/gate.js';
import { releaseGates, type ReleaseFacts } from '../host/gates.js';
import type { ScsiDeviceFact, SessionFact } from '../host/facts.js';
import { findSessions } from '../host/sysfs/iscsi-session.js';
import { devicesOfSession } from '../host/sysfs/scsi-device.js';
import {
  releaseSessionInputSchema,
  type HostPath,
  type HostSteps,
  type ReleaseSessionInput,
} from '../model/steps.js';
import type { NodeRecordEnd } from '../privileged/verbs.js';
import { sessionLockKey, type Claim } from './claim-store.js';
import type { HostContext } from './host-context.js';
import { isRemoved, removalFailure } from './removal-failure.js';
import { takeAwayStep } from './step.js';
import { ofOnePath } from './step-order.js';

interface Released {
  readonly removed: string[];
  readonly kept: string[];
  readonly gates: Gate[];
}

/**
 * Gives one session up: logs it out only if this attachment claims it, mooring made it, nobody else
 * claims it and no other LUN is on it; then the node record is what it was before mooring. The claim
 * goes last, so that an interrupted release is found again.
 *
 * @throws CommandTimedOut - passing: the session is still there after `timeoutMs`
 * @throws CleanupIncomplete - permanent: a device of this attachment is still on it, or is there again
 */
export function releaseSessionStep(host: HostContext): HostSteps['releaseSession'] {
  return takeAwayStep(host, releaseSessionInputSchema, ofOnePath, ({ input, signal }) =>
    host.sessionLocks.run(sessionLockKey(input.path), () => release(host, input), signal),
  );
}

async function release(host: HostContext, input: ReleaseSessionInput): Promise<Released> {
  const { path, owner } = input;
  const claims = await claimFacts(host, path, owner);
  const removed: string[] = [];
  const kept: string[] = [];
  const judged: Gate[] = [];

  const own = await host.claims.get(path, owner);
  for (const session of await findSessions(host.files, path)) {
    const devices = await devicesOfSession(host.files, session);
    refuseUnderOwnDevice(devices, own);
    const gates = releaseGates({ ...claims, session, path, devices });
    judged.push(...gates);
    const [first] = failedGates(gates);
    if (first === undefined) {
      await logOut(host, session, input);
      removed.push(`session ${session.sid} to ${path.portal}`);
    } else {
      await refuseDuringScan(host, session, path);
      kept.push(`session ${session.sid} to ${path.portal}: ${first.evidence}`);
    }
  }

  if (givesRecordBack(claims, { keepsSession: kept.length > 0 })) {
    const end = await host.verbs.putBackNodeRecord(path);
    if (end.kind === 'busy' && kept.length > 0) {
      kept.push(`our node record of ${path.portal}: ${end.said}`);
    } else {
      const record = describeEnd(end, path);
      if (record !== undefined) removed.push(record);
    }
    await host.claims.removeNote(path);
  }
  await host.claims.remove(path, owner);
  return { removed, kept, gates: judged };
}

/**
 * Whether a path's node record is to be what it was before: unless another attachment needs it, or it
 * belongs to a session mooring made and does not end. A session of others needs nothing of ours.
 */
export function givesRecordBack(
  { otherClaims, madeByMooring }: Pick<ReleaseFacts, 'otherClaims' | 'madeByMooring'>,
  { keepsSession }: { readonly keepsSession: boolean },
): boolean {
  return otherClaims.length === 0 && !(keepsSession && madeByMooring);
}

/**
 * A scan that was under way when its step was given up brings the device in afterwards: it is this
 * attachment's own, so it goes first, and the claim stays until it has.
 */
function refuseUnderOwnDevice(devices: readonly ScsiDeviceFact[], own: Claim | undefined): void {
  if (own?.deviceExisted !== false) return;
  const late = devices.find(({ lun }) => lun === own.lun);
  if (late === undefined) return;
  throw createFailure(
    'CleanupIncomplete',
    `${late.block ?? 'device'} (${late.hctl}) came after the devices were removed`,
    { portal: own.portal, lun: own.lun, hctl: late.hctl },
  );
}

/**
 * A scan that hangs brings the device in when its session has recovered. The claim stays until then,
 * so that somebody takes the device away; a session that is logged out takes its scans with it.
 */
async function refuseDuringScan(
  { verbs }: HostContext,
  { sid }: SessionFact,
  { portal, lun }: HostPath,
): Promise<void> {
  if (!(await verbs.isScanUnderWay({ sid, lun }))) return;
  throw createFailure('CommandTimedOut', `A scan for LUN ${lun} at ${portal} is still under way`, {
    portal,
    lun,
    sid,
  });
}

/** What the claims on a session say; with its devices these are the facts its gates judge. */
export async function claimFacts(
  host: HostContext,
  path: HostPath,
  owner: string,
): Promise<Omit<ReleaseFacts, 'devices' | 'session' | 'path'>> {
  const all = await host.claims.all(path);
  const note = await host.claims.getNote(path);
  return {
    claimed: all.some((claim) => claim.owner === owner && claim.lun === path.lun),
    otherClaims: all.filter((claim) => claim.owner !== owner).map((claim) => claim.owner),
    madeByMooring: note?.madeSession ?? false,
  };
}

async function logOut(
  host: HostContext,
  { sid }: SessionFact,
  { path, timeoutMs }: ReleaseSessionInput,
): Promise<void> {
  // A logout outlives its step and its worker.
  const note = { ...path, madeSession: true };
  await host.claims.putNote({ ...note, leaving: sid });
  const outcome = await host.verbs.logOut({ ...path, sid, timeoutMs });
  if (isRemoved(outcome)) return;
  if (outcome.kind !== 'timed-out') await host.claims.putNote(note);
  throw removalFailure(`Session ${sid} to ${path.portal}`, outcome, 'CommandTimedOut');
}

/** What was done with a record, for people; nothing when it is not mooring's. */
function describeEnd(end: NodeRecordEnd, { portal, iqn }: HostPath): string | undefined {
  switch (end.kind) {
    case 'deleted':
      return `node record of ${portal}`;
    case 'restored':
      return `our settings in the record of ${portal}`;
    case 'already-gone':
    case 'not-ours':
      return undefined;
    default:
      throw createFailure(
        'CommandTimedOut',
        `The node record of ${iqn} at ${portal} is not as before: ${end.said}`,
        { portal, iqn, outcome: end.kind },
      );
  }
}
