import { OWN_PORTAL } from './fault-array.js';
import type { LabFault } from './fault.js';
import type { Misbehaviour } from './stand-ins.js';
import { ADD_MAP, DELETE_RECORD, loginTo, LOGOUT, NEW_RECORD, REMOVE_MAP } from './place.js';

const BUSY = {
  how: 'fails',
  exitCode: 6,
  stderr: 'iscsiadm: initiator reported error (6 - iSCSI database failure)\n',
} as const;

/** Tools that are busy, lie, or have no room. */
export const toolFaults: readonly LabFault[] = [
  misbehaving('T-01', 'a node database that is busy four times', 'nothing', {
    ...{ call: NEW_RECORD, times: 4, ...BUSY },
  }),
  misbehaving('T-02', 'a login that went well and says the opposite', 'nothing', {
    call: loginTo(OWN_PORTAL),
    ...{ how: 'lies', exitCode: 8, times: 1 },
    stderr: 'iscsiadm: Could not log into all portals\n',
  }),
  misbehaving('T-03', 'a login that says it went well and did nothing', 'nothing', {
    ...{ call: loginTo(OWN_PORTAL), how: 'fails', exitCode: 0, times: 1 },
  }),
  misbehaving('T-04', 'a multipathd that answers "timeout" three times', 'nothing', {
    ...{ call: ADD_MAP, how: 'fails', exitCode: 1, times: 3, stdout: 'timeout\n' },
  }),
  misbehaving('T-05', 'a map that is in use three times', 'attached', {
    ...{ call: REMOVE_MAP, how: 'fails', exitCode: 1, times: 3, stderr: 'map in use\n' },
  }),
  misbehaving('T-06', 'a logout that went well and says the opposite', 'attached', {
    ...{ call: LOGOUT, how: 'lies', exitCode: 9, times: 2 },
    stderr: 'iscsiadm: initiator reported error (9 - internal error)\n',
  }),
  misbehaving('T-07', 'a record whose deletion fails four times', 'attached', {
    ...{ call: DELETE_RECORD, times: 4, ...BUSY },
  }),
  {
    id: 'D-01',
    claim:
      'a full disk for the node database fails the attach or is waited for, and nothing is left',
    begins: 'nothing',
    ends: ['attached', 'absent'],
    mayFailWith: ['HostNotReady', 'CommandTimedOut', 'PortalUnreachable', 'LoginRefused'],
    async play(run) {
      await run.stage.recordDisk.fill();
      await run.attach();
    },
  },
  {
    id: 'D-02',
    claim: 'a full disk for the node database does not stop a detach',
    begins: 'attached',
    ends: ['absent'],
    async play(run) {
      await run.stage.recordDisk.fill();
      await run.detach();
    },
  },
];

/** A tool misbehaves so many times, and then never again. */
function misbehaving(
  id: string,
  what: string,
  begins: LabFault['begins'],
  fault: Misbehaviour,
): LabFault {
  const isAttach = begins === 'nothing';
  return {
    id,
    claim: `${what} ${isAttach ? 'costs no attach' : 'stops no detach'}`,
    begins,
    ends: [isAttach ? 'attached' : 'absent'],
    async play(run) {
      await run.stage.standIns.misbehave(fault);
      await (isAttach ? run.attach() : run.detach());
    },
  };
}
