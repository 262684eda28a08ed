import { udevWwid } from '../../test/torture/wwids.js';
import { OWN_PORTAL, VOLUMES } from './fault-array.js';
import type { LabFault } from './fault.js';
import type { FaultRun } from './fault-run.js';
import {
  ADD_MAP,
  after,
  before,
  FORGET_WWID,
  LOGOUT,
  loginTo,
  REMOVE_MAP,
  type Place,
} from './place.js';

const LOGIN = loginTo(OWN_PORTAL);
/** Places that only a detach comes to. */
const OF_DETACH = [LOGOUT, REMOVE_MAP, FORGET_WWID];

/** iscsid, multipathd and udev are restarted, stopped, killed or held. */
export const daemonFaults: readonly LabFault[] = [
  during('I-01', 'iscsid restarted before a login', before(LOGIN), {
    strike: ({ stage }) => stage.daemons.restartIscsid(),
  }),
  during('I-02', 'iscsid killed between login and scan', after(LOGIN), {
    strike: ({ stage }) => stage.daemons.killIscsid(),
  }),
  {
    id: 'I-03',
    claim: 'iscsid stopped during a login costs no attach, or fails it by name without a trace',
    begins: 'nothing',
    ends: ['attached', 'absent'],
    mayFailWith: ['HostNotReady'],
    async play(run) {
      await run.strikeAt(before(LOGIN), 'attach', () => run.stage.daemons.stopIscsid());
      // A tool that finds no daemon starts it (`iscsid.startup`), and waits for it.
      await run.until('pgrep -x iscsid > /dev/null');
    },
  },
  during('I-04', 'iscsid restarted before a logout', before(LOGOUT), {
    strike: ({ stage }) => stage.daemons.restartIscsid(),
  }),
  during('I-05', 'iscsid stopped during a logout', before(LOGOUT), {
    strike: ({ stage }) => stage.daemons.stopIscsid(),
    noticed: after(LOGOUT),
  }),
  during('I-06', 'iscsid killed before a logout', before(LOGOUT), {
    strike: ({ stage }) => stage.daemons.killIscsid(),
  }),
  during('M-01', 'multipathd restarted before the map', before(ADD_MAP), {
    strike: ({ stage }) => stage.daemons.restartMultipathd(),
  }),
  during('M-02', 'multipathd killed after the map', after(ADD_MAP), {
    strike: ({ stage }) => stage.daemons.killMultipathd(),
  }),
  {
    ...during('M-03', 'multipathd stopped before the map', before(ADD_MAP), {
      strike: ({ stage }) => stage.daemons.stopMultipathd(),
      noticed: after(ADD_MAP),
    }),
    claim: 'multipathd stopped before the map costs no attach, or fails it by name without a trace',
    // A map is required, and the daemon is waited for no longer than 10 s.
    ends: ['attached', 'absent'],
    mayFailWith: ['MultipathUnavailable'],
  },
  during('M-04', 'multipathd restarted before the map removal', before(REMOVE_MAP), {
    strike: ({ stage }) => stage.daemons.restartMultipathd(),
  }),
  during('M-05', 'multipathd stopped during the map removal', before(REMOVE_MAP), {
    strike: ({ stage }) => stage.daemons.stopMultipathd(),
    noticed: before(LOGOUT),
  }),
  during('M-06', 'multipathd killed after the deletes', before(FORGET_WWID), {
    strike: ({ stage }) => stage.daemons.killMultipathd(),
  }),
  during('U-01', 'udev held from the login to the map', before(LOGIN), {
    strike: ({ stage }) => stage.daemons.holdUdev(),
    noticed: after(ADD_MAP),
  }),
  {
    id: 'U-02',
    claim: 'udev held during the map removal stops no detach',
    begins: 'attached',
    ends: ['absent'],
    async play(run) {
      await run.strikeAt(before(REMOVE_MAP), 'detach', () => run.stage.daemons.holdUdev());
      // The map goes, and the tool waits for udev to have seen it.
      await run.until(`! grep -qs mpath-${udevWwid(VOLUMES.ours)} /sys/block/dm-*/dm/uuid`);
    },
  },
];

/** What is struck, and where it has been noticed; without that it is mended at once. */
interface Strike {
  readonly strike: (run: FaultRun) => Promise<void>;
  readonly noticed?: Place;
}

/** Something happens at a place, while whoever stands there goes on. */
function during(id: string, what: string, place: Place, { strike, noticed }: Strike): LabFault {
  const isDetach = OF_DETACH.some((call) => place.with === call.with);
  return {
    id,
    claim: `${what} ${isDetach ? 'stops no detach' : 'costs no attach'}`,
    begins: isDetach ? 'attached' : 'nothing',
    ends: [isDetach ? 'absent' : 'attached'],
    async play(run) {
      const { struck } = await run.strikeAt(place, isDetach ? 'detach' : 'attach', async () => {
        const second = noticed === undefined ? undefined : await run.stopAt(noticed);
        await strike(run);
        return second;
      });
      await struck?.reached;
    },
  };
}
