/**
 * When to ask the kernel for a LUN, and when to look whether it is there. Pure; times are
 * milliseconds since the session was there.
 *
 * An array may need a while to map the LUN, so one scan is not enough; a scan is a burden to array
 * and kernel, so the pauses grow. os-brick's rhythm (4, 9, 16 s between the first four).
 */
const FIRST_SCANS_MS = [0, 4_000, 13_000, 29_000] as const;
/** Pause between the later scans: the next square, and no longer than that. */
const LATER_SCANS_EVERY_MS = 25_000;

export interface ScanProgress {
  /** Scans asked for until now. */
  readonly scansDone: number;
  readonly elapsedMs: number;
}

/** When the next scan is due, given how many were made. */
export function nextScanAtMs(scansDone: number): number {
  const early = FIRST_SCANS_MS[scansDone];
  if (early !== undefined) return early;
  const later = scansDone - FIRST_SCANS_MS.length + 1;
  return (FIRST_SCANS_MS.at(-1) ?? 0) + later * LATER_SCANS_EVERY_MS;
}

export function isScanDue(progress: ScanProgress): boolean {
  return progress.elapsedMs >= nextScanAtMs(progress.scansDone);
}

/** How long to rest before the next look; 0 when the wait is over or a scan is due. */
export function pauseBeforeLookMs(
  progress: ScanProgress,
  bounds: { readonly lookIntervalMs: number; readonly waitMs: number },
): number {
  const untilScan = nextScanAtMs(progress.scansDone) - progress.elapsedMs;
  const untilEnd = bounds.waitMs - progress.elapsedMs;
  return Math.max(0, Math.min(bounds.lookIntervalMs, untilScan, untilEnd));
}
