import { createHash } from 'node:crypto';
import type { HostSteps } from '../../src/model/steps.js';
import type { BoundarySpec } from '../../src/simulator/boundaries.js';

/** A portal to which only the volume under test has a session; two others it shares. */
export const OWN_PORTAL = '10.0.0.3:3260';

/** Where a step can be stopped by stopping the machine under it. */
export interface StepPlaces {
  /** On its way: something is done, or is just being done, and more is to come. */
  readonly middle: BoundarySpec;
  /** Its last effect is there and nobody has heard of it; absent for a step that only looks. */
  readonly end?: BoundarySpec;
}

/** Every step reads this first, to see where it runs. */
export const BEGIN: BoundarySpec = { of: 'read-file', matching: 'boot_id', side: 'before' };

/** A look at who the devices are. */
const LOOK: StepPlaces = {
  middle: { of: 'read-file', matching: '/device/wwid', side: 'before' },
};

/** A map that is there already: only its link is looked at. */
export function mapIsThere(wwid: string): StepPlaces {
  return { middle: { of: 'resolve-link', matching: `dm-uuid-mpath-${wwid}`, side: 'before' } };
}

/** A device that the volume's claim was made for before. */
export const SCAN: Required<StepPlaces> = {
  middle: { of: 'write-attribute', matching: '/scan', side: 'before' },
  end: { of: 'write-attribute', matching: '/scan', side: 'after' },
};

const LOGIN = `${OWN_PORTAL} -I default --login`;

/** Where each step is stopped, in whichever operation it runs. @param wwid - of the volume */
export function placesFor(wwid: string): Readonly<Record<keyof HostSteps, StepPlaces>> {
  return {
    checkHost: { middle: { of: 'multipathd', matching: 'show paths', side: 'before' } },
    discoverPaths: { middle: { of: 'iscsiadm', matching: '-m discovery', side: 'before' } },
    ensureSession: {
      middle: { of: 'iscsiadm', matching: LOGIN, side: 'before' },
      end: { of: 'iscsiadm', matching: LOGIN, side: 'after' },
    },
    findPathDevice: {
      middle: SCAN.middle,
      end: { of: 'replace-file', matching: volumeClaims(wwid), side: 'after' },
    },
    ensureMap: {
      middle: { of: 'multipathd', matching: `add map ${wwid}`, side: 'before' },
      end: { of: 'multipathd', matching: `add map ${wwid}`, side: 'after' },
    },
    inspectAttachment: LOOK,
    planDetach: LOOK,
    flushDevice: {
      middle: { of: 'multipath', matching: '-f', side: 'before' },
      end: { of: 'multipath', matching: '-f', side: 'after' },
    },
    removePathDevices: {
      middle: { of: 'write-attribute', matching: '/delete', nth: 2, side: 'before' },
      end: { of: 'multipath', matching: '-w', side: 'after' },
    },
    releaseSession: {
      middle: { of: 'iscsiadm', matching: '--logout', side: 'before' },
      end: { of: 'remove-file', matching: '/claims/', side: 'after' },
    },
    verifyAbsent: LOOK,
  };
}

/** How the files of all claims on a volume begin (`src/activities/claim-store.ts`). */
function volumeClaims(wwid: string): string {
  return `/volumes/${createHash('sha256').update(wwid).digest('hex').slice(0, 32)}`;
}
