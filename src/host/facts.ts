/**
 * What is seen on a host, as plain data. Kernel names (`sdb`, `dm-3`, SIDs) hold for one boot only.
 */

/** An iSCSI session as sysfs shows it. */
export interface SessionFact {
  readonly sid: number;
  readonly scsiHost: number;
  readonly targetIqn: string;
  /** As the node record asked for it, normalised; survives a redirect by the target. */
  readonly portal: string;
  /** open-iscsi's iface record the session was made with. */
  readonly iface: string;
  /** `LOGGED_IN`, `FAILED`, `FREE`. */
  readonly state: string;
}

/** A SCSI device below a session. */
export interface ScsiDeviceFact {
  /** `2:0:0:4` */
  readonly hctl: string;
  readonly lun: number;
  /** Kernel's block device, `sdb`; absent for a moment after the scan, and for non-disks. */
  readonly block?: string;
  /** In udev's form; absent when the kernel has no designator of this unit. */
  readonly wwid?: string;
  readonly sizeBytes?: number;
  /** `running`, `offline`, `blocked`, `transport-offline`, … */
  readonly state: string;
}

/** A device-mapper device. */
export interface DmFact {
  /** `dm-3` */
  readonly block: string;
  readonly name: string;
  /** `mpath-<wwid>` for a multipath map; LVM, crypt and partitions have other prefixes. */
  readonly uuid: string;
  readonly sizeBytes: number;
  readonly suspended: boolean;
  /** Block devices below it: `sdb`, … */
  readonly slaves: readonly string[];
  /** Block devices above it: LVM, crypt, partitions. */
  readonly holders: readonly string[];
}

/** Somebody who uses a block device. */
export interface DeviceUser {
  /** `dm-3` */
  readonly block: string;
  readonly kind: 'holder' | 'mount' | 'swap' | 'process';
  /** Mount point, holder's kernel name (`dm-7`), swap device, `pid 4711`. */
  readonly what: string;
  /** What device-mapper calls a holder (`vg0-data`), what a program is called. */
  readonly name?: string;
}

/** Identity of a host and of its boot. */
export interface HostIdentity {
  readonly bootId: string;
  readonly machineId: string;
}
