import type { HostSteps, Seen } from '../src/model/steps.js';

const SEEN: Seen = { bootId: 'no-op', machineId: 'no-op' };
const WWID = '36001405000000000000000000000000a';

/** A host whose steps do nothing, so that only Temporal's share of an operation is left. */
export function createNoOpHost(): HostSteps {
  return {
    checkHost: () => Promise.resolve(SEEN),
    discoverPaths: ({ portal }) => Promise.resolve({ ...SEEN, portals: [portal], otherTargets: 0 }),
    ensureSession: () => Promise.resolve({ ...SEEN, sid: 1, scsiHost: 2, alreadyOpen: false }),
    findPathDevice: ({ path }) =>
      Promise.resolve({
        ...SEEN,
        device: '/dev/sdb',
        hctl: `2:0:0:${path.lun}`,
        sid: 1,
        wwid: WWID,
        sizeBytes: 67_108_864,
      }),
    ensureMap: ({ wwid, devices }) =>
      Promise.resolve({
        ...SEEN,
        kind: 'multipath',
        device: '/dev/dm-0',
        stablePath: `/dev/disk/by-id/dm-uuid-mpath-${wwid}`,
        wwid,
        sizeBytes: 67_108_864,
        carriers: devices.map(({ hctl }) => hctl),
        warnings: [],
      }),
    inspectAttachment: () => Promise.resolve({ ...SEEN, devices: [], usable: 0, gates: [] }),
    planDetach: () => Promise.resolve({ ...SEEN, steps: [] }),
    flushDevice: () => Promise.resolve({ ...SEEN, removed: [], kept: [] }),
    removePathDevices: () => Promise.resolve({ ...SEEN, removed: [], kept: [] }),
    releaseSession: () => Promise.resolve({ ...SEEN, removed: [], kept: [] }),
    verifyAbsent: () => Promise.resolve({ ...SEEN, removed: [], kept: [] }),
  };
}
