import { OWN_PORTAL } from './fault-array.js';
import type { FaultRun } from './fault-run.js';
import type { LabFault } from './fault.js';
import { ADD_MAP, after, before, loginTo, LOGOUT, REMOVE_MAP, type Place } from './place.js';

/** The control worker dies, the Temporal server goes and comes. */
export const serverFaults: readonly LabFault[] = [
  meanwhile('C-01', 'the control worker killed', 'nothing', before(loginTo(OWN_PORTAL)), control),
  meanwhile('C-02', 'the control worker killed', 'attached', before(REMOVE_MAP), control),
  meanwhile('S-01', 'the Temporal server stopped and started', 'nothing', after(ADD_MAP), server),
  meanwhile('S-02', 'the Temporal server stopped and started', 'attached', before(LOGOUT), server),
];

async function control({ stage }: FaultRun): Promise<void> {
  await stage.machine.killControl();
}

async function server({ stage }: FaultRun): Promise<void> {
  await stage.machine.stopServer();
}

/** It happens while a step is under way, and the step goes on meanwhile. */
function meanwhile(
  id: string,
  what: string,
  begins: LabFault['begins'],
  place: Place,
  strike: (run: FaultRun) => Promise<void>,
): LabFault {
  const isAttach = begins === 'nothing';
  return {
    id,
    claim: `${what} during ${isAttach ? 'an attach' : 'a detach'} changes nothing`,
    begins,
    ends: [isAttach ? 'attached' : 'absent'],
    async play(run) {
      await run.strikeAt(place, isAttach ? 'attach' : 'detach', () => strike(run));
    },
  };
}
