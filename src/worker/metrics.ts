import type { MetricsExporterConfig } from '@temporalio/worker';

/** Seconds. The SDK's own buckets end at 10 s; a login may take 30, a flush minutes. */
const STEP_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 120, 300];

const STEP_HISTOGRAMS = [
  'activity_execution_latency',
  'activity_schedule_to_start_latency',
  'activity_succeed_endtoend_latency',
  'workflow_endtoend_latency',
] as const;

/** Names of mooring's own metrics. The exporter appends `_total` to a counter by itself. */
export const STEP_FAILURES_METRIC = 'mooring_step_failures';

/** Metrics for Prometheus to fetch, with names as Prometheus wants them: seconds, `_total`. */
export function prometheusMetrics(bindAddress: string): MetricsExporterConfig {
  return {
    prometheus: {
      bindAddress,
      countersTotalSuffix: true,
      unitSuffix: true,
      useSecondsForDurations: true,
      histogramBucketOverrides: Object.fromEntries(
        STEP_HISTOGRAMS.map((name) => [name, STEP_SECONDS]),
      ),
    },
  };
}
