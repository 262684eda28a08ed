import type { AttachRequestInput } from '../../src/model/attach-request.js';
import type { HostSteps } from '../../src/model/steps.js';
import type { Asker, Question } from './asker.js';
import { type Lane, VOLUME_BYTES } from './lane.js';
import { mapIsThere, OWN_PORTAL, SCAN, type StepPlaces } from './places.js';
import { IQN } from './stage.js';

/** Where the volume is in the end: on the host and right, or gone without a trace. */
export type End = 'attached' | 'absent';

/** One of the things mooring does on a host. */
export interface OperationUnderTest {
  readonly name: string;
  /** Brings the volume to where the operation begins. */
  prepare(lane: Lane): Promise<void>;
  /** Begins it, without waiting for its end. */
  begin(lane: Lane, asker: Asker): Promise<void>;
  /** How it ends, whatever dies meanwhile. */
  readonly end: End;
  /** What its caller hears, if it is made to fail. */
  readonly failsWith?: string;
  /** Steps it shares with another operation, whose rows cover them. */
  readonly coveredElsewhere?: readonly (keyof HostSteps)[];
  /** Where steps are stopped in this operation, if not where they are in others. */
  readonly places?: (wwid: string) => Partial<Readonly<Record<keyof HostSteps, StepPlaces>>>;
}

const nothing = (): Promise<void> => Promise.resolve();

/** Everything that gives steps to a host. */
export const OPERATIONS: readonly OperationUnderTest[] = [
  {
    name: 'attach',
    end: 'attached',
    prepare: nothing,
    begin(lane, asker) {
      const { volume } = lane;
      const [portal = ''] = volume.portals;
      const request = lane.request(volume, {
        connection: { discovery: { portal, iqn: IQN, lun: volume.lun } },
        multipath: 'required',
      });
      askAttach(asker, request);
      return nothing();
    },
  },
  {
    name: 'undo',
    end: 'absent',
    failsWith: 'WrongVolume',
    coveredElsewhere: ['ensureSession', 'findPathDevice', 'ensureMap'],
    prepare: nothing,
    begin(lane, asker) {
      // Noticed only when the map is there, so that there is everything to undo.
      const expect = { sizeBytes: 2 * VOLUME_BYTES };
      const request = lane.request(lane.volume, { expect });
      askAttach(asker, request);
      return nothing();
    },
  },
  {
    name: 'repair',
    end: 'attached',
    // The claim on the volume is there, and the path's own event puts it into the map.
    places: (wwid) => ({ findPathDevice: SCAN, ensureMap: mapIsThere(wwid) }),
    async prepare(lane) {
      await lane.attachAndWrite('written');
      const args = ['-m', 'node', '-T', IQN, '-p', OWN_PORTAL, '--logout'];
      const { exitCode } = await lane.host.runner.run({
        program: 'iscsiadm',
        args,
        timeoutMs: 60_000,
      });
      if (exitCode !== 0) throw new Error(`the path did not go: exit ${String(exitCode)}`);
    },
    begin(lane, asker) {
      const { volumeId } = lane.volume;
      const { hostId } = lane;
      asker.ask('repair', (mooring, requestId, onTaken) => {
        // The client does not say when mooring has it.
        onTaken();
        return mooring.repair({ volumeId, hostId, requestId });
      });
      return nothing();
    },
  },
  {
    name: 'recovery',
    end: 'attached',
    // A WWID that is remembered across the boot has its map from the first path on.
    places: (wwid) => ({ ensureMap: mapIsThere(wwid) }),
    prepare: (lane) => lane.attachAndWrite('written'),
    async begin(lane) {
      await lane.killWorker();
      await lane.host.control.reboot();
      await lane.startWorker();
    },
  },
  {
    name: 'plan',
    end: 'attached',
    prepare: (lane) => lane.attachAndWrite('written'),
    begin(lane, asker) {
      const { volumeId } = lane.volume;
      const { hostId } = lane;
      asker.ask('plan', (mooring, requestId, onTaken) => {
        // The client does not say when mooring has it.
        onTaken();
        return mooring.plan({ volumeId, hostId, requestId });
      });
      return nothing();
    },
  },
  {
    name: 'detach',
    end: 'absent',
    prepare: (lane) => lane.attachAndWrite('dirty'),
    begin(lane, asker) {
      askDetach(lane, asker);
      return nothing();
    },
  },
];

function askAttach(asker: Asker, request: AttachRequestInput): void {
  asker.ask('attach', async (mooring, requestId, onTaken) => {
    const operation = await mooring.startAttach({ ...request, requestId });
    onTaken();
    return operation.result();
  });
}

/** Asks for a detach of the volume under test. */
export function askDetach(lane: Lane, asker: Asker): Question {
  const { volumeId } = lane.volume;
  const { hostId } = lane;
  return asker.ask('detach', async (mooring, requestId, onTaken) => {
    const operation = await mooring.startDetach({ volumeId, hostId, requestId });
    onTaken();
    return 'result' in operation ? operation.result() : operation.nothing;
  });
}
