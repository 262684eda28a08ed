import type { ApplicationFailure } from '@temporalio/workflow';
import { createFailure, FAILURES } from '../contract/failures.js';
import { describePath } from '../contract/path-key.js';
import { sameWwid } from '../contract/wwid.js';
import type { PathDeviceResult, VolumeDeviceResult } from '../model/steps.js';
import { describeHost } from './attach-step.js';
import type { Ledger, PathEntry } from './ledger.js';

/** All paths must lead to one volume. A mixed map would destroy data. */
export function requireOneVolume(ledger: Ledger, expected?: string): void {
  const [first, ...others] = ledger.presentPaths;
  const stranger = others.find(({ device }) => device.wwid !== first?.device.wwid);
  if (first !== undefined && expected !== undefined && !sameWwid(first.device.wwid, expected)) {
    throw createFailure(
      'WrongVolume',
      `${describePath(first.host)} is ${first.device.wwid}, expected ${expected}`,
      { seen: first.device.wwid, expected, portal: first.host.portal, lun: first.host.lun },
    );
  }
  if (first !== undefined && stranger !== undefined) {
    throw createFailure(
      'WrongVolume',
      `The paths lead to different volumes: ${describePath(first.host)} is ` +
        `${first.device.wwid}, ${describePath(stranger.host)} is ${stranger.device.wwid}`,
      { seen: [first.device.wwid, stranger.device.wwid] },
    );
  }
}

/** A path that leads to another volume than the one that was handed out. */
export function strangerFailure(
  { host }: PathEntry,
  { wwid }: PathDeviceResult,
  volume: VolumeDeviceResult | undefined,
): ApplicationFailure {
  const expected = volume?.wwid;
  const message = `${describePath(host)} is ${wwid}, the volume in use is ${expected}`;
  return createFailure('WrongVolume', message, { seen: wwid, expected });
}

/** The failure of an attach without enough paths: the most telling one of its paths. */
export async function tooFewPaths(ledger: Ledger): Promise<ApplicationFailure> {
  const { minPaths } = ledger.policy;
  const failed = ledger.entry.paths.flatMap(({ host, failure }) =>
    failure === undefined ? [] : [{ portal: host.portal, lun: host.lun, ...failure }],
  );
  const telling =
    failed.find(({ type }) => type === 'WrongVolume') ??
    failed.find(({ type }) => FAILURES[type].class !== 'passing') ??
    failed[0];
  // None failed: more were asked for than a discovery has found.
  const type = telling?.type ?? 'InvalidRequest';
  const presence = type === 'HostUnavailable' ? await describeHost(ledger) : '';
  const said = failed.map(({ portal, message }) => `${portal}: ${message}`).join('; ');
  return createFailure(
    type,
    `${ledger.presentPaths.length} of ${ledger.entry.paths.length} paths came up, ` +
      `${minPaths} needed (policy.minPaths). ${presence}${said}`.trim().slice(0, 1_500),
    { present: ledger.presentPaths.length, minPaths, paths: failed.slice(0, 8) },
  );
}
