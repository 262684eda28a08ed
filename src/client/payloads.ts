import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;

/** One event of a workflow's history, as the server sends it. */
export type HistoryEvent = NonNullable<History['events']>[number];

/** A failure as the server stores it. */
export type ProtoFailure = NonNullable<
  NonNullable<HistoryEvent['activityTaskFailedEventAttributes']>['failure']
>;

/** Reads a payload of the default converter; `undefined` when it is encrypted or absent. */
export function readPayload(payload: Payload | null | undefined): unknown {
  if (payload === null || payload === undefined) return undefined;
  try {
    return defaultPayloadConverter.fromPayload<unknown>(payload);
  } catch {
    return undefined;
  }
}

/** Like {@link readPayload}, for text. */
export function readText(payload: Payload | null | undefined): string | undefined {
  const value = readPayload(payload);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The one-line summary of a step. */
export function eventSummary(event: HistoryEvent): string | undefined {
  return readText(event.userMetadata?.summary);
}

/** ISO time of the server. */
export function eventTime(event: HistoryEvent): string {
  return new Date(timestampMs(event.eventTime)).toISOString();
}

/** A protobuf timestamp in milliseconds since the epoch; 0 when it is absent. */
export function timestampMs(timestamp: HistoryEvent['eventTime']): number {
  if (timestamp === null || timestamp === undefined) return 0;
  return toNumber(timestamp.seconds) * 1_000 + Math.floor((timestamp.nanos ?? 0) / 1e6);
}

/** A number of the protocol: 64-bit ones come as objects. */
export function toNumber(value: number | { toString(): string } | null | undefined): number {
  return typeof value === 'number' ? value : Number(value?.toString() ?? 0);
}

/** Names of the server's timeouts, by their number in the protocol. */
const TIMEOUTS = ['', 'START_TO_CLOSE', 'SCHEDULE_TO_START', 'SCHEDULE_TO_CLOSE', 'HEARTBEAT'];

/** The innermost failure that says something: its type and its message. */
export function readFailure(
  failure: ProtoFailure | null | undefined,
): { type: string; message: string } | undefined {
  if (failure === null || failure === undefined) return undefined;
  const { applicationFailureInfo, timeoutFailureInfo, cause } = failure;
  const message = failure.message ?? '';
  if (applicationFailureInfo) return { type: applicationFailureInfo.type ?? 'Failure', message };
  const inner = readFailure(cause);
  if (inner !== undefined) return inner;
  if (timeoutFailureInfo) {
    return { type: TIMEOUTS[toNumber(timeoutFailureInfo.timeoutType)] ?? 'TIMEOUT', message };
  }
  if (failure.canceledFailureInfo) return { type: 'Cancelled', message };
  if (failure.terminatedFailureInfo) return { type: 'Terminated', message };
  return { type: 'Failure', message };
}
