/**
 * How long things take on a healthy simulated host, in milliseconds of its clock.
 * Measured means: in the lab guest (emulated CPU), rounded; only the ratios mean anything.
 */
export const DURATIONS = {
  /** `iscsiadm -o new`; measured 80 to 460. */
  recordNew: 80,
  /** `iscsiadm -o delete`; measured 90. */
  recordDelete: 60,
  /** Login up to the session's full feature phase, without the scan; measured 130 to 600. */
  login: 150,
  /** `iscsiadm --logout` and the end of the session; measured 170. */
  logout: 80,
  /** Sendtargets discovery at a portal that answers: login, question, logout. */
  discovery: 200,
  /** Pause before a discovery tries a portal again that refuses; measured 5.4 s for six tries. */
  discoveryRetry: 900,
  /** iscsiadm that finds nothing to do. */
  iscsiadmIdle: 20,
  /** INQUIRY, REPORT LUNS and the disk's probe of one scan; measured 60 to 250. */
  scan: 60,
  /** From a kernel event until udev has made or removed the links. */
  udev: 40,
  /** multipathd: from the request to a map; measured 800 to 3300 with udev, chosen lower. */
  map: 300,
  /** multipathd: reloading a map with one more or one less path. */
  mapReload: 60,
  /** After its creation udev's probes have a map open; `multipath -f` says "in use". */
  mapBusy: 150,
  /** `multipath -f`; measured 220. */
  mapRemove: 100,
  /** Other multipath and multipathd commands; measured 40 to 70. */
  multipathTool: 30,
  /** From udev's removal of a path until multipathd has dropped it. */
  multipathdForget: 60,
  /** multipathd stops a map's queueing this long after its last path failed (12 checks of 5 s). */
  noPathRetry: 60_000,
  /** multipathd's client gives up waiting for an answer (`uxsock_timeout` and 100 ms). */
  uxsockTimeout: 4_100,
  /** Starting the path checkers of multipathd after it was stopped. */
  multipathdStart: 200,
  /** Writing `1` to `delete` on a healthy path. */
  deviceDelete: 40,
  /** The same while commands to a dead path have not timed out yet. */
  deviceDeleteOnDeadPath: 30_000,
  /** Re-reading size and identity of a disk. */
  deviceRescan: 30,
  /** `sync` of a clean device. */
  sync: 20,
  /** From a reset of the connection until the session says FAILED. */
  connectionReset: 200,
  /** From the return of a portal until the session is logged in again. */
  reconnect: 1_000,
  /** iscsiadm waits this long for the node database's lock (`usr/idbm.c`). */
  databaseLockWait: 30_000,
  /** From TERM to KILL for a command past its deadline. */
  killGrace: 2_000,
} as const;

export type Durations = Readonly<Record<keyof typeof DURATIONS, number>>;
