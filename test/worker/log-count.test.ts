import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { MooringClient } from '../../src/client/mooring-client.js';
import type { AttachRequestInput } from '../../src/model/attach-request.js';
import type { DetachResult } from '../../src/model/attach-result.js';
import type { Fault } from '../../src/simulator/fault-plan.js';
import { SimulatedProcesses } from '../conformance/simulated-processes.js';
import { eventually } from '../support/eventually.js';

const IQN = 'iqn.2026-11.io.example:log';
const PORTALS = ['10.0.0.1:3260', '10.0.0.2:3260'] as const;
/** Two cores may be busy with anything. */
const PATIENCE = { withinMs: 30_000 };
/** The node database could not be used just now: iscsiadm's words for exit code 6. */
const DATABASE_BUSY = {
  exitCode: 6,
  stderr: 'iscsiadm: initiator reported error (6 - iSCSI database failure)\n',
};

/** A line of a worker's log. */
interface Line {
  readonly level: string;
  readonly msg: string;
  readonly step?: string;
  readonly portal?: string;
  readonly failure?: string;
  readonly said?: string;
  readonly attempt?: number;
}

let processes: SimulatedProcesses;
let mooring: MooringClient;
let luns = 0;
beforeAll(async () => {
  const targets = [{ iqn: IQN, portals: PORTALS }];
  processes = await SimulatedProcesses.start(inject('temporalAddress'), { targets });
  mooring = new MooringClient(processes.client);
  // What the worker says of itself belongs to no step, and comes when it likes.
  await eventually(async () => {
    expect((await readLog()).map(({ msg }) => msg)).toContain('Worker state changed');
  }, PATIENCE);
});
afterAll(async () => {
  await processes.stop();
});

async function addVolume(): Promise<{ volumeId: string; lun: number }> {
  luns += 1;
  const volumeId = `${processes.hostId}-${luns}`;
  const wwid = `naa.6001405${luns.toString(16).padStart(25, '0')}`;
  const { array } = processes.host.control;
  await array.addVolume({ name: volumeId, wwid, sizeBytes: 67_108_864 });
  await array.mapLun({ iqn: IQN, lun: luns, volume: volumeId });
  return { volumeId, lun: luns };
}

function requestFor({ volumeId, lun }: { volumeId: string; lun: number }): AttachRequestInput {
  const paths = PORTALS.map((portal) => ({ portal, iqn: IQN, lun }));
  // Both paths are waited for, so that every step has ended when the answer is there.
  const policy = { minPaths: 2 };
  return { volumeId, hostId: processes.hostId, connection: { paths }, policy };
}

function detach({ volumeId }: { readonly volumeId: string }): Promise<DetachResult> {
  return mooring.detach({ volumeId, hostId: processes.hostId });
}

async function readLog(): Promise<readonly Line[]> {
  const text = await processes.workerLog();
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

/** What a host worker logs while something is done, with these faults in force. */
async function logged(
  faults: readonly Fault[],
  act: () => Promise<unknown>,
): Promise<readonly Line[]> {
  const { control } = processes.host;
  const before = (await readLog()).length;
  for (const fault of faults) await control.addFault(fault);
  try {
    await act();
  } finally {
    await control.clearFaults();
  }
  return (await readLog()).slice(before);
}

function brief({ level, msg, portal }: Line): string {
  return [level, msg, ...(portal === undefined ? [] : [portal])].join(' ');
}

function louderThanInfo(lines: readonly Line[]): readonly string[] {
  return lines.filter(({ level }) => level !== 'info').map(brief);
}

/** The steps a host has ended, as the history has them. */
async function endedSteps(volumeId: string): Promise<number> {
  const steps = await mooring.history(volumeId);
  return steps.filter(({ kind, step, endedAt }) => {
    const isOfServer = step === 'findConflicts' || step === 'describeHost';
    return kind === 'activity' && !isOfServer && endedAt !== undefined;
  }).length;
}

const EACH_STEP_OF_AN_ATTACH = [
  ...PORTALS.map((portal) => `info ensureSession done ${portal}`),
  ...PORTALS.map((portal) => `info findPathDevice done ${portal}`),
  'info ensureMap done',
].sort();

describe('a host worker logs one line a step, at info,', () => {
  test('for an attach to an empty host, and for its detach', async () => {
    const volume = await addVolume();
    const attach = await logged([], () => mooring.attach(requestFor(volume)));
    expect(attach.map(brief).sort()).toEqual(EACH_STEP_OF_AN_ATTACH);

    const detached = await logged([], () => detach(volume));
    expect(louderThanInfo(detached)).toEqual([]);
    expect(attach.length + detached.length).toBe(await endedSteps(volume.volumeId));
  });

  test('for sessions that exist already, and stay for others', async () => {
    const [first, second] = [await addVolume(), await addVolume()];
    await mooring.attach(requestFor(first));
    const attach = await logged([], () => mooring.attach(requestFor(second)));
    expect(attach.map(brief).sort()).toEqual(EACH_STEP_OF_AN_ATTACH);

    const detached = await logged([], async () => {
      await detach(second);
      await detach(first);
      // Nothing is there any more: no records, no sessions, no devices.
      await detach(first);
    });
    expect(louderThanInfo(detached)).toEqual([]);
  });

  test('for steps that needed several tries', async () => {
    const volume = await addVolume();
    const [first, second] = PORTALS;
    const runs = { program: 'iscsiadm', times: 2, ...DATABASE_BUSY } as const;
    const before = (await processes.host.control.runs()).length;
    const lines = await logged(
      [
        { kind: 'command-fails', ...runs, matching: '-o new' },
        { kind: 'command-fails', ...runs, matching: `${first} -I default --login` },
        { kind: 'answer-lies', ...runs, matching: `${second} -I default --login` },
        { kind: 'lun-late', iqn: IQN, lun: volume.lun, portal: second, afterMs: 3_000 },
      ],
      () => mooring.attach(requestFor(volume)),
    );
    expect(lines.map(brief).sort()).toEqual(EACH_STEP_OF_AN_ATTACH);
    // Two faults each were met, or this shows nothing.
    const met = (await processes.host.control.runs()).slice(before);
    expect(met.filter((run) => run.includes('-o new'))).toHaveLength(2 + PORTALS.length);
    expect(met.filter((run) => run.includes(`${first} -I default --login`))).toHaveLength(3);
    await detach(volume);
  });
});

describe('a step that fails is one line, with the last cause,', () => {
  test('when all its tries failed', async () => {
    const volume = await addVolume();
    const login = { program: 'iscsiadm', matching: `${PORTALS[0]} -I default --login` } as const;
    const lines = await logged(
      [
        { kind: 'command-fails', ...login, ...DATABASE_BUSY, times: 2 },
        { kind: 'command-fails', ...login, exitCode: 24, stderr: 'iscsiadm: login failed (24)\n' },
      ],
      async () => {
        const attach = mooring.attach(requestFor(volume));
        await expect(attach).rejects.toMatchObject({ type: 'LoginRefused' });
      },
    );
    const failed = lines.filter(({ failure }) => failure !== undefined);
    expect(failed).toMatchObject([
      { level: 'warn', step: 'ensureSession', failure: 'LoginRefused' },
    ]);
    expect(failed[0]?.said).not.toContain('database');
    const ofStep = lines.filter(
      ({ step, portal }) => step === 'ensureSession' && portal === PORTALS[0],
    );
    expect(ofStep).toHaveLength(1);
  });

  test('when the portal does not answer, which may pass and is no warning', async () => {
    const volume = await addVolume();
    const [, dropped] = PORTALS;
    const { volumeId } = volume;
    const policy = { loginTimeoutMs: 1_000, retryPathsMinMs: 600_000, retryPathsMaxMs: 600_000 };
    const request = { ...requestFor(volume), policy };
    const lines = await logged(
      [{ kind: 'portal', portal: dropped, condition: { kind: 'dropped' } }],
      async () => {
        await mooring.attach(request);
        // It may still be on its way when the device is handed out.
        await eventually(async () => {
          const { paths } = await mooring.state(volumeId);
          expect(paths[1]?.failure?.type).toBe('PortalUnreachable');
        }, PATIENCE);
        await detach(volume);
      },
    );
    expect(louderThanInfo(lines)).toEqual([]);
    const failed = lines.filter(({ failure }) => failure !== undefined);
    expect(failed).toMatchObject([{ step: 'ensureSession', failure: 'PortalUnreachable' }]);
  });

  test('and none for a try that the server makes again', async () => {
    const volume = await addVolume();
    await mooring.attach(requestFor(volume));
    // A logout that fails so is not repeated within the step, so the step itself fails.
    const lines = await logged(
      [
        {
          kind: 'command-fails',
          program: 'iscsiadm',
          matching: '--logout',
          exitCode: 10,
          times: 3,
        },
      ],
      () => detach(volume),
    );
    expect(louderThanInfo(lines)).toEqual([]);
    const releases = lines.filter(({ step }) => step === 'releaseSession');
    expect(releases.map(brief).sort()).toEqual(
      PORTALS.map((portal) => `info releaseSession done ${portal}`),
    );
    expect(releases.some(({ attempt = 1 }) => attempt > 1)).toBe(true);
  });
});
