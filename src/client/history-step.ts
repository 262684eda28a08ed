/** What a row of a history is about. */
export const STEP_KINDS = [
  'run',
  'update',
  'activity',
  'timer',
  'signal',
  'state',
  'fault',
] as const;
export type StepKind = (typeof STEP_KINDS)[number];

/** How a step stands. `waiting`: nobody has taken it, as far as the history says. */
export const STEP_OUTCOMES = [
  'waiting',
  'running',
  'done',
  'failed',
  'timed-out',
  'cancelled',
] as const;
export type StepOutcome = (typeof STEP_OUTCOMES)[number];

/**
 * One row of an attachment's history: an update, a step on a host, a pause, a change of state.
 * Times are ISO texts of the server's clock.
 *
 * @example
 * ```ts
 * for (const { startedAt, summary, host, outcome } of await mooring.history('vol-7f3c')) {
 *   process.stdout.write(`${startedAt} ${host ?? ''} ${summary} ${outcome}\n`);
 * }
 * ```
 */
export interface HistoryStep {
  /** Unique within the run: number of the event that began it. */
  readonly id: number;
  readonly runId: string;
  readonly kind: StepKind;
  /** Machine name: activity, update or signal; `attached` and the like for a change of state. */
  readonly step: string;
  /** For people: `log in to 10.0.0.1:3260`. */
  readonly summary: string;
  readonly queue?: string;
  /** The server's name of an activity within its run, as other tools take it. */
  readonly activityId?: string;
  /** The host whose queue it went to. */
  readonly host?: string;
  /** Identity of the worker that took it. */
  readonly worker?: string;
  /** How often it was tried; counted from 1. */
  readonly attempt?: number;
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly outcome: StepOutcome;
  readonly failure?: { readonly type: string; readonly message: string };
  /** Of an update: the id it was sent with. */
  readonly updateId?: string;
  /** Of an update: who asked, as the request says, or else the client's identity. */
  readonly requestedBy?: string;
  /** Of an update: why, as the request says. */
  readonly reason?: string;
}

/**
 * How long a step took, in milliseconds; `undefined` while it goes on.
 *
 * @example
 * ```ts
 * const slow = steps.filter((step) => (stepDurationMs(step) ?? 0) > 5_000);
 * ```
 */
export function stepDurationMs({ startedAt, endedAt }: HistoryStep): number | undefined {
  return endedAt === undefined ? undefined : Date.parse(endedAt) - Date.parse(startedAt);
}
