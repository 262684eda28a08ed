import { createFailure } from '../contract/failures.js';
import { describePath } from '../contract/path-key.js';
import { sameWwid } from '../contract/wwid.js';
import { nextScanAtMs } from '../host/scan-schedule.js';
import { findSessions, type PlacedSession } from '../host/sysfs/iscsi-session.js';
import { devicesOfLun } from '../host/sysfs/scsi-device.js';
import {
  findPathDeviceInputSchema,
  type FindPathDeviceInput,
  type HostSteps,
  type PathDeviceResult,
  type Seen,
} from '../model/steps.js';
import { sessionLockKey } from './claim-store.js';
import type { HostContext } from './host-context.js';
import { lookUntil } from './look-until.js';
import { confirmOldDevice, type ReadyDevice } from './stale-device.js';
import { bringUpStep } from './step.js';
import { ofOnePath } from './step-order.js';

/**
 * Finds the SCSI device of one LUN below the session to one portal: scans for exactly this LUN at
 * growing intervals, looks often in between, and verifies who it is from sysfs alone - no command is
 * sent to a path that may hang (os-brick.md 0.2).
 *
 * @throws LunNotFound - passing: no such device within `waitMs`
 * @throws PortalUnreachable - passing: the session has gone
 * @throws WrongVolume - permanent: the device is another volume than expected
 */
export function findPathDeviceStep(host: HostContext): HostSteps['findPathDevice'] {
  return bringUpStep(host, findPathDeviceInputSchema, ofOnePath, async ({ input, signal }) => {
    const { path, waitMs } = input;
    const { session, deviceExisted } = await claimedSession(host, input, signal);
    let isOld = deviceExisted;
    let scans = 0;
    const found = await lookUntil({ waitMs, signal }, async (waitedMs) => {
      const device = await readyDevice(host, session, path.lun);
      if (device !== undefined && !isOld) return device;
      if (device !== undefined) {
        const confirmed = await confirmOldDevice(host, device, input);
        if (confirmed !== undefined) return confirmed;
        isOld = (await devicesOfLun(host.files, session, path.lun)).length > 0;
        if (isOld) return undefined;
      }
      if (waitedMs < nextScanAtMs(scans)) return undefined;
      scans += 1;
      await requestScan(host, session, input);
      return readyDevice(host, session, path.lun);
    });
    if (found === undefined) {
      throw createFailure(
        'LunNotFound',
        `${describePath(path)} did not appear within ${waitMs} ms and ${scans} scans`,
        { portal: path.portal, iqn: path.iqn, lun: path.lun, scans },
      );
    }
    const result = verified(found, session, input);
    await claimVolume(host, { ...input, signal }, found.wwid);
    const twins = input.everySession === true ? await findTwins(host, session, input) : [];
    return { ...result, ...(twins.length === 0 ? {} : { twins }) };
  });
}

/**
 * The LUN below the portal's other sessions: with `nr_sessions` 2 a portal has two, and each carries
 * a path of its own. One that does not come is no reason to wait.
 */
async function findTwins(
  host: HostContext,
  session: PlacedSession,
  input: FindPathDeviceInput,
): Promise<string[]> {
  const sessions = await findSessions(host.files, input.path);
  const others = sessions.filter(({ sid, state }) => sid !== session.sid && state === 'LOGGED_IN');
  const devices = await Promise.all(
    others.map(async (other) => {
      await host.verbs.scanLun({ ...input.path, sid: other.sid });
      return readyDevice(host, other, input.path.lun);
    }),
  );
  return devices.flatMap((device) => (device === undefined ? [] : [device.hctl]));
}

/** Notes, once and before the first scan, whether the device was there without us. */
async function claimedSession(
  host: HostContext,
  { path, owner }: FindPathDeviceInput,
  signal: AbortSignal,
): Promise<{ session: PlacedSession; deviceExisted: boolean }> {
  const note = async (): Promise<{ session: PlacedSession; deviceExisted: boolean }> => {
    const [session] = await findSessions(host.files, path);
    if (session === undefined) throw sessionGone(path);
    const claim = (await host.claims.get(path, owner)) ?? { ...path, owner };
    if (claim.deviceExisted !== undefined) return { session, deviceExisted: claim.deviceExisted };
    const deviceExisted = (await devicesOfLun(host.files, session, path.lun)).length > 0;
    await host.claims.put({ ...claim, deviceExisted });
    return { session, deviceExisted };
  };
  return host.sessionLocks.run(sessionLockKey(path), note, signal);
}

/** One volume under two ids on one host would be torn down by whoever leaves first. */
async function claimVolume(
  host: HostContext,
  { path, owner, signal }: FindPathDeviceInput & { readonly signal: AbortSignal },
  wwid: string,
): Promise<void> {
  const claimIt = async (): Promise<void> => {
    const claim = (await host.claims.get(path, owner)) ?? { ...path, owner };
    // Claimed before the look, so that of two at once at least one sees the other.
    if (claim.wwid !== wwid) await host.claims.put({ ...claim, wwid });
  };
  await host.sessionLocks.run(sessionLockKey(path), claimIt, signal);
  const other = (await host.claims.ownersOf(wwid)).find((each) => each !== owner);
  if (other === undefined) return;
  throw createFailure(
    'WrongVolume',
    `${describePath(path)} is ${wwid}, which ${other} holds on this host`,
    { portal: path.portal, lun: path.lun, seen: wwid, heldBy: other },
  );
}

/** A device counts when it has its block name, its identity and its size. */
async function readyDevice(
  host: HostContext,
  session: PlacedSession,
  lun: number,
): Promise<ReadyDevice | undefined> {
  const [device] = await devicesOfLun(host.files, session, lun);
  if (device?.block === undefined || device.wwid === undefined) return undefined;
  return device.sizeBytes === undefined || device.sizeBytes === 0
    ? undefined
    : (device as ReadyDevice);
}

async function requestScan(
  host: HostContext,
  session: PlacedSession,
  { path }: FindPathDeviceInput,
): Promise<void> {
  const outcome = await host.verbs.scanLun({ ...path, sid: session.sid });
  if (outcome.kind === 'refused') throw sessionGone(path);
}

function sessionGone(path: FindPathDeviceInput['path']): Error {
  return createFailure(
    'PortalUnreachable',
    `The session to ${path.iqn} at ${path.portal} is gone`,
    { portal: path.portal, iqn: path.iqn },
  );
}

function verified(
  device: ReadyDevice,
  session: PlacedSession,
  { path, expectWwid }: FindPathDeviceInput,
): Omit<PathDeviceResult, keyof Seen> {
  if (expectWwid !== undefined && !sameWwid(device.wwid, expectWwid)) {
    throw createFailure(
      'WrongVolume',
      `${describePath(path)} is ${device.wwid}, expected ${expectWwid}`,
      { portal: path.portal, lun: path.lun, seen: device.wwid, expected: expectWwid },
    );
  }
  return {
    device: `/dev/${device.block}`,
    hctl: device.hctl,
    sid: session.sid,
    wwid: device.wwid,
    sizeBytes: device.sizeBytes,
  };
}
