import type { AttachResult } from '../../model/attach-result.js';

/** What os-brick's `connect_volume` returns, for callers that expect it. */
export interface DeviceInfo {
  readonly type: 'block';
  /** `/dev/dm-N` or `/dev/sdX`; valid in this boot only, as with os-brick. */
  readonly path: string;
  readonly scsi_wwn: string;
  /** Only with a map; the WWID, as with os-brick since 2017, and not the map's name. */
  readonly multipath_id?: string;
}

/**
 * The result of an attach in the form of os-brick's `device_info`. A detach needs nothing of it.
 *
 * @example
 * ```ts
 * const { path } = toDeviceInfo(await mooring.attach(fromCinder(connectionInfo, { hostId })));
 * ```
 */
export function toDeviceInfo({ kind, device, wwid }: AttachResult): DeviceInfo {
  return {
    type: 'block',
    path: device,
    scsi_wwn: wwid,
    ...(kind === 'multipath' ? { multipath_id: wwid } : {}),
  };
}
