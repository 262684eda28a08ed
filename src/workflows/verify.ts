import type { PlanRequest } from '../model/operations.js';
import type { PlannedStep, PlanResult, VerifyResult } from '../model/plan.js';
import type { HostSteps, InspectionResult, VolumeDeviceResult } from '../model/steps.js';
import { AttachStepRunner } from './attach-step.js';
import type { Ledger } from './ledger.js';

/** One cheap look at sysfs, sent again when its answer was lost; fails soon when the host is away. */
function look<Result>(
  ledger: Ledger,
  summary: string,
  call: (steps: HostSteps) => Promise<Result>,
): Promise<Result> {
  const { deadlineMs, removalWaitMs } = ledger.policy;
  const runner = new AttachStepRunner(ledger, Date.now() + deadlineMs);
  return runner.run({ summary, takesMs: removalWaitMs }, call);
}

function inspect(ledger: Ledger, volume: VolumeDeviceResult): Promise<InspectionResult> {
  return look(ledger, 'look whether the volume is still attached', (steps) =>
    steps.inspectAttachment({
      ...ledger.stepBase,
      paths: ledger.touchedPaths.map(({ host }) => host),
      wwid: volume.wwid,
    }),
  );
}

/**
 * Whether what the ledger says is attached is still there, and takes I/O.
 *
 * @throws the look's failure: unknown is not "gone"
 */
export async function stillHolds(ledger: Ledger, volume: VolumeDeviceResult): Promise<boolean> {
  const seen = await inspect(ledger, volume);
  const expectsMap = volume.kind === 'multipath';
  return (
    seen.bootId === volume.bootId &&
    seen.usable > 0 &&
    (seen.map !== undefined) === expectsMap &&
    (seen.map === undefined || seen.map.device === volume.device)
  );
}

/** Takes paths out of the ledger whose devices have gone from the host. */
export async function forgetVanishedPaths(
  ledger: Ledger,
  volume: VolumeDeviceResult,
): Promise<void> {
  const seen = await inspect(ledger, volume);
  const present = new Set(seen.devices.map(({ hctl }) => hctl));
  for (const path of ledger.entry.paths) {
    if (path.device !== undefined && !present.has(path.device.hctl)) delete path.device;
  }
}

/** Compares the host with the ledger. */
export async function compareWithHost(
  ledger: Ledger,
  volume: VolumeDeviceResult,
): Promise<VerifyResult> {
  const seen = await inspect(ledger, volume);
  const present = new Set(seen.devices.map(({ hctl }) => hctl));
  const known = new Set(
    ledger.presentPaths.flatMap(({ device: { hctl, twins = [] } }) => [hctl, ...twins]),
  );
  const map = seen.map?.device ?? 'none';
  const expectedMap = volume.kind === 'multipath' ? volume.device : 'none';
  const differences = [
    ...(seen.bootId === volume.bootId ? [] : ['the host was booted since']),
    ...(map === expectedMap ? [] : [`map: expected ${expectedMap}, seen ${map}`]),
    ...ledger.presentPaths
      .filter(({ device }) => !present.has(device.hctl))
      .map(({ device, host }) => `${device.device} (${device.hctl}) to ${host.portal} is gone`),
    ...seen.devices
      .filter(({ hctl }) => !known.has(hctl))
      .map(({ device, hctl }) => `${device} (${hctl}) carries the volume and is not in the ledger`),
    ...(seen.usable > 0 ? [] : ['no path takes I/O']),
    ...seen.gates
      .filter(({ passed, gate }) => !passed && gate !== 'no-users')
      .map(({ evidence }) => evidence),
  ];
  const { volumeId, hostId } = ledger.key;
  return { volumeId, hostId, holds: differences.length === 0, differences, bootId: seen.bootId };
}

/** What a detach or a repair would do now. */
export async function planOperation(
  ledger: Ledger,
  volume: VolumeDeviceResult | undefined,
  { operation, mode }: PlanRequest,
): Promise<PlanResult> {
  const { volumeId, hostId } = ledger.key;
  const steps =
    operation === 'repair' ? repairSteps(ledger) : await detachSteps(ledger, volume, mode);
  const possible = steps.every(({ would }) => would !== 'refuse');
  return { volumeId, hostId, operation, mode, possible, steps };
}

async function detachSteps(
  ledger: Ledger,
  volume: VolumeDeviceResult | undefined,
  mode: PlanRequest['mode'],
): Promise<PlannedStep[]> {
  if (volume === undefined || !ledger.holdsSomething) return [];
  const [carrier] = volume.kind === 'single' ? volume.carriers : [];
  const { steps } = await look(ledger, 'see what a detach would do', (host) =>
    host.planDetach({
      ...ledger.stepBase,
      wwid: volume.wwid,
      paths: ledger.touchedPaths.map((path) => path.host),
      ...(carrier === undefined ? {} : { carrier }),
    }),
  );
  if (mode === 'normal') return [...steps];
  return steps.map((each) =>
    each.step.startsWith('write back')
      ? { ...each, step: `${each.step}, or lose what cannot be once a person has approved` }
      : each,
  );
}

function repairSteps(ledger: Ledger): PlannedStep[] {
  const missing = ledger.entry.paths.filter(({ device }) => device === undefined);
  const steps = missing.flatMap(({ host }): PlannedStep[] => [
    { step: `log in to ${host.portal}`, would: 'do', gates: [] },
    { step: `find LUN ${host.lun} at ${host.portal}`, would: 'do', gates: [] },
  ]);
  const { length } = ledger.entry.paths;
  return [...steps, { step: `form the device over ${length} paths`, would: 'do', gates: [] }];
}
