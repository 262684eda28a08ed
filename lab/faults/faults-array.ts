import { udevWwid } from '../../test/torture/wwids.js';
import { GENUINE } from '../genuine-tools.js';
import { OWN_PORTAL, VOLUMES } from './fault-array.js';
import type { LabFault } from './fault.js';
import { ADD_MAP, after, before, LOGOUT, loginTo, REMOVE_MAP } from './place.js';

const LOGIN = loginTo(OWN_PORTAL);

/** LUNs go, or lead elsewhere; an administrator lays hands on what is ours. */
export const arrayFaults: readonly LabFault[] = [
  {
    id: 'L-01',
    claim:
      'a LUN unmapped between login and scan fails the attach or comes back, and nothing is left',
    begins: 'nothing',
    ends: ['attached', 'absent'],
    mayFailWith: ['LunNotFound', 'MapNotFormed', 'MapNotUsable'],
    async play(run) {
      await run.strikeAt(after(LOGIN), 'attach', () => run.stage.array.unmapOurs());
      await run.until(`! pgrep -f '[l]ab-genuine/iscsiadm.*--login' > /dev/null`);
    },
  },
  {
    id: 'L-02',
    claim: 'a LUN unmapped while it is attached is detached without a trace',
    begins: 'attached',
    ends: ['absent', 'attached'],
    mayFailWith: ['FlushFailed'],
    async play(run) {
      await run.stage.array.unmapOurs();
      await run.detach();
    },
  },
  {
    id: 'L-03',
    claim: 'a LUN unmapped during the map removal is detached without a trace',
    begins: 'attached',
    ends: ['absent'],
    async play(run) {
      const { answered } = await run.strikeAt(before(REMOVE_MAP), 'detach', () =>
        run.stage.array.unmapOurs(),
      );
      await answered;
    },
  },
  {
    id: 'L-04',
    claim: 'a LUN re-used while it is attached is never taken for the volume, and leaves nothing',
    begins: 'attached',
    ends: ['absent', 'attached'],
    mayFailWith: ['FlushFailed', 'WrongVolume'],
    isReused: true,
    async play(run) {
      await run.stage.array.mapOurs(VOLUMES.another);
      await run.detach();
    },
  },
  {
    id: 'L-05',
    claim: 'a LUN re-used between two paths of an attach does not mix two volumes',
    begins: 'nothing',
    ends: ['attached', 'absent'],
    mayFailWith: ['WrongVolume', 'MapNotFormed', 'MapNotUsable', 'LunNotFound'],
    isReused: true,
    async play(run) {
      const { answered } = await run.strikeAt(before(LOGIN), 'attach', async () => {
        await run.until(
          `grep -qs ${udevWwid(VOLUMES.ours).slice(1)} /sys/class/scsi_device/*/device/wwid`,
        );
        await run.stage.array.mapOurs(VOLUMES.another);
      });
      await answered;
    },
  },
  {
    id: 'A-01',
    claim: 'a session an administrator ends during the attach is made again',
    begins: 'nothing',
    ends: ['attached'],
    async play(run) {
      await run.strikeAt(before(ADD_MAP), 'attach', () =>
        run.asAdministrator(`${GENUINE}/iscsiadm -m node -p ${OWN_PORTAL} --logout`),
      );
    },
  },
  {
    id: 'A-02',
    claim: 'a map an administrator has flushed is missed by no detach',
    begins: 'attached',
    ends: ['absent'],
    async play(run) {
      // udev may have the map open for a moment.
      await run.until(`${GENUINE}/multipath -f ${udevWwid(VOLUMES.ours)}`);
      await run.detach();
    },
  },
  {
    id: 'A-03',
    claim: 'sessions and records an administrator has ended before our logout are missed by nobody',
    begins: 'attached',
    ends: ['absent'],
    async play(run) {
      await run.strikeAt(before(LOGOUT), 'detach', async () => {
        // Mooring may be first.
        await run.asAdministrator(`
          ${GENUINE}/iscsiadm -m node -p ${OWN_PORTAL} --logout || true
          ${GENUINE}/iscsiadm -m node -p ${OWN_PORTAL} -o delete || true`);
      });
    },
  },
];
