/** The latest run of an attachment, before a request is sent. */
export interface LatestRun {
  readonly runId: string;
  readonly isOpen: boolean;
  /** The closed run it was started after, see {@link AFTER_MEMO}. */
  readonly after?: string | undefined;
}

/** Memo of a run: the closed run before it, which an attach that repeats the first one must name. */
export const AFTER_MEMO = 'after';

/** How much of a run's id tells it from the runs before. Its end: the beginning is the time (UUIDv7). */
const RUN_ID_PART = 12;

/**
 * The update id of an attach. It must be the same for a repeated request and differ for a new intent.
 *
 * The trap: the server answers an id that the latest run has completed, even after that run has
 * closed. An attach that follows a detach would be answered with the device of the past. So once the
 * latest run is closed, its id is part of the update id: the closed run has never seen it. A
 * repetition, which sees the run that was started for the first try, makes the same one from that
 * run's memo. Request ids never hold a `~`.
 */
export function attachUpdateId(requestId: string, latest: LatestRun | undefined): string {
  const past = latest?.isOpen === true ? latest.after : latest?.runId;
  return past === undefined ? requestId : `${requestId}~${past.slice(-RUN_ID_PART)}`;
}

/**
 * The update id of a detach. Never that of an attach with the same request id: the server would
 * answer with the attach's outcome and detach nothing. Request ids never hold a slash.
 */
export function detachUpdateId(requestId: string): string {
  return `detach/${requestId}`;
}
