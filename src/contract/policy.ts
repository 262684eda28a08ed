/** A bound a request may set, within limits. */
export interface PolicyBound {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** Why this value, for `docs/policy.md` and error messages. */
  readonly why: string;
}

/** What a request may choose. Times are milliseconds. */
export const POLICY_BOUNDS = {
  deadlineMs: {
    default: 60_000,
    min: 1_000,
    max: 3_600_000,
    why: 'one attach, from the request to a usable device; later it is undone',
  },
  hostWaitMs: {
    default: 15_000,
    min: 500,
    max: 600_000,
    why: 'how long an attach waits for the host worker to take a step; several missed polls',
  },
  loginTimeoutMs: {
    default: 10_000,
    min: 1_000,
    max: 30_000,
    why: "one login attempt; healthy logins take below 2 s, iscsid's own default of 120 s is a hang",
  },
  minPaths: {
    default: 1,
    min: 1,
    max: 32,
    why: 'paths that must be present before the device is handed out; one good path is enough',
  },
  pathGraceMs: {
    default: 300,
    min: 0,
    max: 60_000,
    why: 'least time the other paths get after the first path is there',
  },
  deviceWaitMs: {
    default: 30_000,
    min: 500,
    max: 600_000,
    why: 'login to device, with exact scans at 0, 4, 13 and 29 s',
  },
  mapWaitMs: {
    default: 15_000,
    min: 500,
    max: 300_000,
    why: 'paths to map; multipathd and udev need 1 to 4 s on a loaded host',
  },
  flushTimeoutMs: {
    default: 300_000,
    min: 1_000,
    max: 3_600_000,
    why: 'writing back what is dirty; longer means a path problem a person must see',
  },
  removalWaitMs: {
    default: 60_000,
    min: 1_000,
    max: 600_000,
    why: 'delete of a device to its end; one on a dead path takes about 30 s',
  },
  retryPathsMinMs: {
    default: 5_000,
    min: 100,
    max: 3_600_000,
    why: 'first pause before a missing path is tried again',
  },
  retryPathsMaxMs: {
    default: 300_000,
    min: 100,
    max: 86_400_000,
    why: 'longest pause between tries of a missing path',
  },
} as const satisfies Record<string, PolicyBound>;

export type PolicyName = keyof typeof POLICY_BOUNDS;
export type Policy = Readonly<Record<PolicyName, number>>;

export const POLICY_NAMES = Object.keys(POLICY_BOUNDS) as PolicyName[];

/** What no request can change. Times are milliseconds. */
export const FIXED_BOUNDS = {
  /** Paths of one attachment: more than any array offers, little enough for one history. */
  pathsMax: 32,
  /** Share of the first path's time that the others get as grace, when above `pathGraceMs`. */
  pathGraceFactor: 0.5,
  /** A live activity says so at least this often; after it the step goes back to the queue. */
  heartbeatTimeoutMs: 5_000,
  /** How often a running activity says it lives. Also how soon it notices a cancel. */
  heartbeatIntervalMs: 1_000,
  /** Without a map: so long an unfruitful path may take to be undone before the next is tried. */
  pathUndoMs: 15_000,
  /** A caller of a failing attach waits this long for the undo before it gets the failure. */
  undoReportMs: 45_000,
  /** Pause between two tries of a cleanup that did not finish. */
  cleanupRetryMinMs: 2_000,
  cleanupRetryMaxMs: 60_000,
  /** A detach looks for its host this long after the last finished step, then ever less often. */
  hostWatchMinMs: 5_000,
  hostWatchMaxMs: 600_000,
  /** And this seldom when its history is so long that it must not grow much more. */
  hostWatchLongMs: 3_600_000,
  /** Answers that go with an attachment from run to run, for requests that are sent again. */
  answersKept: 32,
  /**
   * Operations of one attachment that wait for their turn. The server lets ten updates of a run be
   * under way; the two that are left are for a person who decides.
   */
  waitingMax: 8,
  /** One look of a control activity at the Temporal server. */
  controlCallMs: 10_000,
  /** Looks at sysfs while something is awaited on the host: the first soon, then this far apart. */
  lookIntervalMs: 100,
  firstLookMs: 10,
  /** multipathd may be restarting: so long a volume that prefers a map waits for it. */
  multipathdWaitMs: 10_000,
  /** A portal that refuses connections is asked again for so long: arrays move portals. */
  refusedPortalMs: 2_000,
  /** A device that exists says again who it is; one over a dead path gives no answer. */
  rescanAnswerMs: 5_000,
  /** Writing back a device without a usable path: nothing dirty ends at once, the rest never. */
  flushWithoutPathMs: 10_000,
  /** From a disk to what udev says of it, before multipathd is asked for a map over it. */
  udevWaitMs: 1_500,
  /** From a disk to the link that names it, where udev makes one. */
  linkWaitMs: 3_000,
  /** A device list that must be empty is read twice, this far apart. */
  slavesRecheckMs: 100,
  /** A map that takes a path in or lets one go: so long it may differ from the list of devices. */
  slavesSettleMs: 2_000,
  /** A multipathd or udev tool; its own client gives up after 4 s. */
  toolTimeoutMs: 10_000,
  /** iscsiadm waits up to 30 s for the node-database lock. It is never killed, only reported. */
  iscsiadmTimeoutMs: 45_000,
  /** Output of a command that is kept. */
  outputMaxBytes: 1_048_576,
  /** What of a command's stderr may reach a message. */
  stderrExcerptBytes: 512,
} as const;

/** The pause after so many looks in vain: most of what is awaited comes at once, or takes long. */
export function lookPauseMs(looks: number): number {
  return Math.min(FIXED_BOUNDS.lookIntervalMs, FIXED_BOUNDS.firstLookMs * 2 ** looks);
}

/** Fills in what a request left out. Values are checked before (see `request-problems.ts`). */
export function resolvePolicy(chosen: Partial<Record<PolicyName, number | undefined>>): Policy {
  const resolved: Record<string, number> = {};
  for (const name of POLICY_NAMES) resolved[name] = chosen[name] ?? POLICY_BOUNDS[name].default;
  return resolved as Policy;
}

/**
 * How long the other paths are awaited once the first is there: the faster the good ones came, the
 * less a dead one may cost.
 */
export function pathGraceMs(policy: Pick<Policy, 'pathGraceMs'>, firstPathAfterMs: number): number {
  const shareMs = firstPathAfterMs * FIXED_BOUNDS.pathGraceFactor;
  // Never 0: the SDK would record another event for that, and the clock is not the same in a replay.
  return Math.max(1, policy.pathGraceMs, shareMs);
}
