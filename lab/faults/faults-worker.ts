import { OWN_PORTAL } from './fault-array.js';
import type { LabFault } from './fault.js';
import {
  ADD_MAP,
  after,
  before,
  DELETE_RECORD,
  FORGET_WWID,
  LOGOUT,
  loginTo,
  REMOVE_MAP,
  WRITE_BACK,
  type Place,
} from './place.js';

const LOGIN = loginTo(OWN_PORTAL);

/** The host worker dies or stands still. What it has begun goes on without it. */
export const workerFaults: readonly LabFault[] = [
  killed('K-01', 'before a login', 'nothing', before(LOGIN)),
  {
    id: 'K-02',
    claim: 'a worker killed while its login waits for a portal is taken up where it was',
    begins: 'nothing',
    ends: ['attached'],
    async play(run) {
      const { network, worker } = run.stage;
      await run.strikeAt(before(LOGIN), 'attach', () => network.drop(OWN_PORTAL));
      await run.until('pgrep -f "[l]ab-genuine/iscsiadm.*--login" > /dev/null');
      await worker.kill();
      await network.restore();
    },
  },
  killed('K-03', 'between login and scan', 'nothing', after(LOGIN)),
  {
    id: 'K-04',
    claim: 'a worker killed during a scan is taken up where it was',
    begins: 'nothing',
    ends: ['attached'],
    async play(run) {
      const { network, worker } = run.stage;
      await run.strikeAt(after(LOGIN), 'attach', () => network.drop(OWN_PORTAL));
      await run.untilInScan();
      // The process is there until the kernel lets go of the thread that asked for the scan.
      const dead = worker.kill();
      await network.restore();
      await dead;
    },
  },
  killed('K-05', 'before the map is asked for', 'nothing', before(ADD_MAP)),
  killed('K-06', 'when the map is there and nobody knows', 'nothing', after(ADD_MAP)),
  killed('K-07', 'while it writes back', 'attached', before(WRITE_BACK)),
  killed('K-08', 'between flush and map removal', 'attached', before(REMOVE_MAP)),
  killed('K-09', 'between map removal and the deletes', 'attached', after(REMOVE_MAP)),
  killed('K-10', 'between the deletes and the wwids line', 'attached', before(FORGET_WWID)),
  killed('K-11', 'between delete and logout', 'attached', before(LOGOUT)),
  killed('K-12', 'between logout and the node record', 'attached', after(LOGOUT)),
  killed('K-13', 'when the node record is gone and nobody knows', 'attached', after(DELETE_RECORD)),
  frozen('K-14', 'ensureSession', 'nothing', before(LOGIN)),
  frozen('K-15', 'ensureMap', 'nothing', before(ADD_MAP)),
  frozen('K-16', 'removePathDevices', 'attached', before(FORGET_WWID)),
  frozen('K-17', 'releaseSession', 'attached', before(LOGOUT)),
];

/** Killed at a place; what stands there goes on as soon as its caller is dead. */
function killed(id: string, when: string, begins: LabFault['begins'], place: Place): LabFault {
  return {
    id,
    claim: `a worker killed ${when} is taken up where it was`,
    begins,
    ends: [begins === 'nothing' ? 'attached' : 'absent'],
    async play(run) {
      await run.strikeAt(place, begins === 'nothing' ? 'attach' : 'detach', () =>
        run.stage.worker.kill(),
      );
    },
  };
}

/** Frozen for longer than the server has patience: the step runs twice, at the same time. */
function frozen(id: string, step: string, begins: LabFault['begins'], place: Place): LabFault {
  return {
    id,
    claim: `a worker that stands still in ${step} until it is given up, and then goes on, does no harm`,
    begins,
    ends: [begins === 'nothing' ? 'attached' : 'absent'],
    async play(run) {
      const { worker } = run.stage;
      await run.strikeAt(place, begins === 'nothing' ? 'attach' : 'detach', () => worker.freeze());
      await run.untilGivenUp(step);
      await worker.thaw();
    },
  };
}
