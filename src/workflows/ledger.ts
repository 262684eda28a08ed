import {
  log,
  metricMeter,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { FailureSummary, UndoStep } from '../contract/failures.js';
import { claimOwnerId, type AttachmentKey } from '../contract/ids.js';
import { kernelLun } from '../contract/lun.js';
import { pathKey } from '../contract/path-key.js';
import { resolvePolicy, type Policy } from '../contract/policy.js';
import { STATE_CHANGES_METRIC } from '../contract/names.js';
import { CREDENTIALS } from '../contract/request-problems.js';
import * as attributes from '../contract/search-attributes.js';
import type { AttachmentState } from '../contract/states.js';
import { targetNameWarning } from '../contract/target-name.js';
import type { AttachRequest } from '../model/attach-request.js';
import type { AttachResult, PathResult } from '../model/attach-result.js';
import type { AttachmentView } from '../model/attachment.js';
import type { Path } from '../model/connection.js';
import type {
  HostPath,
  PathDeviceResult,
  SessionResult,
  VolumeDeviceResult,
} from '../model/steps.js';
import { currentDetails } from './current-details.js';

/** What is known of one path. */
export interface PathEntry {
  /** As the caller wrote it. */
  readonly wanted: Path;
  /** As the host's tools take it. */
  readonly host: HostPath;
  /** A step may have run for it, so there may be something to undo. Set before the step. */
  touched: boolean;
  session?: SessionResult;
  device?: PathDeviceResult;
  failure?: FailureSummary;
}

/** Everything an attachment knows; plain data, so that it can be carried into a new run. */
export interface LedgerEntry {
  state: AttachmentState;
  /** While a detach is under way: the state it was asked in, and goes back to when it is refused. */
  before?: AttachmentState;
  /** Milliseconds since the epoch. */
  since: number;
  request?: AttachRequest;
  paths: PathEntry[];
  machineId?: string;
  volume?: VolumeDeviceResult;
  warnings: string[];
  lastFailure?: FailureSummary;
  undo?: UndoStep[];
  /** How a write-back of this attachment failed before. */
  unwritten?: string;
  /** What a person is asked to decide. */
  question?: string;
  /** When missing paths are tried again, and the pause that led there. Milliseconds. */
  topUp?: { pauseMs: number; dueAt?: number };
  /** A new boot of its host was announced, and what that calls for is not over. */
  recovering?: true;
  /** Not brought up by itself: the host was booted or replaced, and the request does not want it. */
  dormant?: boolean;
}

/** The ledger entry of one attachment, and everything that shows it to the outside. */
export class Ledger {
  readonly key: AttachmentKey;
  readonly entry: LedgerEntry;

  constructor(key: AttachmentKey, carried?: LedgerEntry) {
    this.key = key;
    this.entry = carried ?? { state: 'attaching', since: Date.now(), paths: [], warnings: [] };
  }

  get policy(): Policy {
    return resolvePolicy(this.entry.request?.policy ?? {});
  }

  /** Whether the host holds, or may hold, something of this attachment. */
  get holdsSomething(): boolean {
    return this.entry.paths.some((path) => path.touched);
  }

  get touchedPaths(): PathEntry[] {
    return this.entry.paths.filter((path) => path.touched);
  }

  get presentPaths(): (PathEntry & { device: PathDeviceResult })[] {
    return this.entry.paths.filter(
      (path): path is PathEntry & { device: PathDeviceResult } => path.device !== undefined,
    );
  }

  /** What every step on the host carries. */
  get stepBase(): { hostId: string; owner: string; machineId?: string } {
    const { machineId } = this.entry;
    return {
      hostId: this.key.hostId,
      owner: claimOwnerId(this.key),
      ...(machineId === undefined ? {} : { machineId }),
    };
  }

  /** Starts a fresh attach: what an earlier one left in the entry is gone. */
  begin(request: AttachRequest): void {
    this.entry.request = request;
    this.setPaths(request.connection.paths ?? []);
    delete this.entry.volume;
    delete this.entry.lastFailure;
    delete this.entry.undo;
    delete this.entry.machineId;
    delete this.entry.dormant;
    delete this.entry.unwritten;
    delete this.entry.topUp;
    this.setState('attaching');
  }

  /** The paths the attach is for: those of the request, or those a discovery found. */
  setPaths(paths: readonly Path[]): void {
    const { iface = 'default', addressingMode = 'SAM' } = this.entry.request?.connection ?? {};
    this.entry.paths = paths.map((wanted) => ({
      wanted,
      host: {
        portal: wanted.portal,
        iqn: wanted.iqn,
        lun: kernelLun(wanted.lun, addressingMode),
        iface,
      },
      touched: false,
    }));
    this.entry.warnings = [...new Set(paths.map(({ iqn }) => targetNameWarning(iqn)))].filter(
      (warning) => warning !== undefined,
    );
  }

  /** Moves to a state and shows it: search attributes, current details. */
  setState(state: AttachmentState): void {
    if (this.entry.state !== state) {
      this.entry.state = state;
      this.entry.since = Date.now();
      this.tell(state);
    }
    this.show();
  }

  /** A metric for every change; a line in the log for what somebody should look at. */
  private tell(state: AttachmentState): void {
    metricMeter
      .createCounter(STATE_CHANGES_METRIC, '1', 'Changes of an attachment to a state')
      .add(1, { state });
    const { volumeId, hostId } = this.key;
    if (state === 'degraded') {
      log.warn('paths are missing', { volumeId, hostId, missing: this.missingPortals });
    }
    if (state === 'needs-approval') {
      log.warn('a person must decide', { volumeId, hostId, question: this.entry.question });
    }
  }

  private get missingPortals(): string[] {
    const missing = this.entry.paths.filter(({ device }) => device === undefined);
    return missing.map(({ host }) => host.portal);
  }

  /** Whether a request wants what is attached already. Order of paths does not count. */
  isForSameConnection(request: AttachRequest): boolean {
    const { request: current } = this.entry;
    return (
      current !== undefined &&
      connectionText(current) === connectionText(request) &&
      current.multipath === request.multipath
    );
  }

  /** Writes what differs from what the server knows; a search attribute costs an event. */
  show(): void {
    const { state, volume, paths } = this.entry;
    setCurrentDetails(currentDetails(this.view()));
    const known = workflowInfo().typedSearchAttributes;
    const targets = [...new Set(paths.map(({ wanted }) => wanted.iqn.slice(0, 255)))];
    const updates = [
      ...(known.get(attributes.HOST_ATTRIBUTE) === this.key.hostId
        ? []
        : [
            { key: attributes.HOST_ATTRIBUTE, value: this.key.hostId },
            { key: attributes.VOLUME_ATTRIBUTE, value: this.key.volumeId },
          ]),
      ...(known.get(attributes.STATE_ATTRIBUTE) === state
        ? []
        : [{ key: attributes.STATE_ATTRIBUTE, value: state }]),
      ...(volume === undefined || known.get(attributes.WWID_ATTRIBUTE) === volume.wwid
        ? []
        : [
            { key: attributes.WWID_ATTRIBUTE, value: volume.wwid.slice(0, 255) },
            { key: attributes.TARGETS_ATTRIBUTE, value: targets },
            { key: attributes.PATHS_EXPECTED_ATTRIBUTE, value: paths.length },
          ]),
      ...(volume === undefined ||
      known.get(attributes.PATHS_PRESENT_ATTRIBUTE) === this.presentPaths.length
        ? []
        : [{ key: attributes.PATHS_PRESENT_ATTRIBUTE, value: this.presentPaths.length }]),
    ];
    if (updates.length > 0) upsertSearchAttributes(updates);
  }

  /** The ledger entry as callers see it. */
  view(): AttachmentView {
    const { state, since, request, volume, warnings, lastFailure, undo, question, recovering } =
      this.entry;
    return {
      ...this.key,
      state,
      since: new Date(since).toISOString(),
      ...(request === undefined ? {} : { request }),
      ...(volume === undefined ? {} : shownVolume(volume)),
      paths: this.entry.paths.map(pathResult),
      warnings,
      ...(lastFailure === undefined ? {} : { lastFailure }),
      ...(undo === undefined ? {} : { undo }),
      ...(question === undefined ? {} : { question }),
      ...(recovering === undefined ? {} : { recovering }),
    };
  }

  /** The answer of an attach. */
  result(volume: VolumeDeviceResult): AttachResult {
    const { state, warnings, paths } = this.entry;
    return {
      volumeId: this.key.volumeId,
      hostId: this.key.hostId,
      state,
      ...shownVolume(volume),
      paths: paths.map(pathResult),
      warnings: [...warnings, ...this.degradation(), ...volume.warnings],
    };
  }

  private degradation(): string[] {
    if (this.entry.state !== 'degraded') return [];
    const { missingPortals } = this;
    const { length } = this.entry.paths;
    return [
      `${missingPortals.length} of ${length} paths are missing: ${missingPortals.join(', ')}`,
    ];
  }
}

type ShownVolume = Pick<
  VolumeDeviceResult,
  'kind' | 'device' | 'stablePath' | 'wwid' | 'sizeBytes' | 'bootId'
>;

function shownVolume(volume: VolumeDeviceResult): ShownVolume {
  const { kind, device, stablePath, wwid, sizeBytes, bootId } = volume;
  return { kind, device, stablePath, wwid, sizeBytes, bootId };
}

function pathResult({ wanted, device, failure }: PathEntry): PathResult {
  if (device === undefined) {
    return { ...wanted, state: 'missing', ...(failure === undefined ? {} : { failure }) };
  }
  return {
    ...wanted,
    state: 'present',
    device: device.device,
    hctl: device.hctl,
    sid: device.sid,
  };
}

function connectionText({ connection }: AttachRequest): string {
  const { paths = [], discovery, iface, addressingMode } = connection;
  const credentials = CREDENTIALS.flatMap(([name]) => [
    connection[name]?.username,
    connection[name]?.secretRef,
  ]);
  const ends = discovery === undefined ? paths.map(pathKey).sort() : [`at ${pathKey(discovery)}`];
  return JSON.stringify([ends, credentials, iface, addressingMode]);
}
