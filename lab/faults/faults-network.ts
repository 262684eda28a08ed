import { OWN_PORTAL, PORTALS, SECOND_PORTAL } from './fault-array.js';
import type { FaultRun } from './fault-run.js';
import type { LabFault } from './fault.js';
import { after, before, LOGOUT, loginTo, NEW_RECORD, REMOVE_MAP } from './place.js';

const LOGIN = loginTo(OWN_PORTAL);
const FLAPS = 6;
const FLAP_MS = 700;

/** Portals go, come, flap; packets are lost. */
export const networkFaults: readonly LabFault[] = [
  {
    id: 'P-01',
    claim: 'a portal that goes silent during the login to it joins when it is back',
    begins: 'nothing',
    ends: ['attached'],
    async play(run) {
      const { answered } = await run.strikeAt(before(LOGIN), 'attach', () =>
        run.stage.network.drop(OWN_PORTAL),
      );
      await answered;
    },
  },
  {
    id: 'P-02',
    claim: 'a portal that resets during the login to it joins when it is back',
    begins: 'nothing',
    ends: ['attached'],
    async play(run) {
      const { answered } = await run.strikeAt(before(LOGIN), 'attach', () =>
        run.stage.network.reset(OWN_PORTAL),
      );
      await answered;
    },
  },
  {
    id: 'P-03',
    claim: 'portals that all go silent during the scan let the attach go on when they are back',
    begins: 'nothing',
    ends: ['attached', 'absent'],
    mayFailWith: ['PortalUnreachable', 'LunNotFound', 'MapNotFormed', 'MapNotUsable'],
    async play(run) {
      await run.strikeAt(after(LOGIN), 'attach', () => dropAll(run));
      await run.untilInScan();
    },
  },
  {
    id: 'P-04',
    claim: 'portals that flap during the attach are all there in the end',
    begins: 'nothing',
    ends: ['attached'],
    async play(run) {
      const record = await run.stopAt(after(NEW_RECORD));
      void run.attach();
      await record.reached;
      await record.release();
      await run.stage.network.flap([OWN_PORTAL, SECOND_PORTAL], { times: FLAPS, everyMs: FLAP_MS });
    },
  },
  {
    id: 'P-05',
    claim: 'a portal that goes silent after the attach does not stop the detach',
    begins: 'attached',
    ends: ['absent'],
    async play(run) {
      await run.stage.network.drop(OWN_PORTAL);
      await run.until(someSessionIsNot('LOGGED_IN'));
      await run.detach();
    },
  },
  {
    id: 'P-06',
    claim: 'a portal that resets after the attach does not stop the detach',
    begins: 'attached',
    ends: ['absent'],
    async play(run) {
      await run.stage.network.reset(OWN_PORTAL);
      await run.until(someSessionIsNot('LOGGED_IN'));
      await run.detach();
    },
  },
  {
    id: 'P-07',
    claim: 'portals that all go silent after the attach let the detach end, and nothing is lost',
    begins: 'attached',
    ends: ['absent', 'attached'],
    mayFailWith: ['FlushFailed'],
    async play(run) {
      await dropAll(run);
      await run.until(someSessionIsNot('LOGGED_IN'));
      void run.detach();
      await run.untilState('detaching');
    },
  },
  {
    id: 'P-08',
    claim: 'a portal that goes silent before the deletes does not stop the detach',
    begins: 'attached',
    ends: ['absent'],
    async play(run) {
      const { answered } = await run.strikeAt(after(REMOVE_MAP), 'detach', () =>
        run.stage.network.drop(OWN_PORTAL),
      );
      await answered;
    },
  },
  {
    id: 'P-09',
    claim: 'portals that all reset before the logout do not stop the detach',
    begins: 'attached',
    ends: ['absent'],
    async play(run) {
      await run.strikeAt(before(LOGOUT), 'detach', async () => {
        for (const portal of PORTALS) await run.stage.network.reset(portal);
      });
      await run.until(someSessionIsNot('LOGGED_IN'));
    },
  },
  loss('N-01', 10),
  {
    ...loss('N-02', 30),
    claim: 'an attach that loses 30 % of all packets ends with the device, or by name and clean',
    // udev reads a new disk before multipathd may have it: on such a network longer than a map is awaited.
    mayFailWith: ['PortalUnreachable', 'LunNotFound', 'MapNotFormed', 'MapNotUsable'],
  },
];

/** So many of a hundred packets are lost while a volume comes and goes. */
function loss(id: string, percent: number): LabFault {
  return {
    id,
    claim: `an attach and a detach that lose ${String(percent)} % of all packets end well`,
    begins: 'nothing',
    ends: ['absent'],
    async play(run) {
      await run.stage.network.lose(PORTALS, percent);
      await run.attach();
      await run.detach();
    },
  };
}

async function dropAll({ stage }: FaultRun): Promise<void> {
  for (const portal of PORTALS) await stage.network.drop(portal);
}

const STATES = '/sys/class/iscsi_session/*/state';

function someSessionIsNot(state: string): string {
  return `[[ -n $(grep -L ${state} ${STATES}) ]]`;
}
