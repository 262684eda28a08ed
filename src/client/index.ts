// The public API of mooring, by name. The package's entry point.
export { toDeviceInfo, type DeviceInfo } from './cinder/device-info.js';
export { fromCinder, type CinderOptions } from './cinder/from-cinder.js';
export { CLIENT_ERRORS, type ClientErrorType } from './client-errors.js';
export {
  connect,
  readConnectionSettings,
  ServerUnreachable,
  type ConnectionFlags,
  type ConnectionSettings,
} from './connection.js';
export type { AttachmentName, FoundRun } from './find-attachment.js';
export type { FollowTarget, StepEvent } from './follow.js';
export {
  stepDurationMs,
  type HistoryStep,
  type StepKind,
  type StepOutcome,
} from './history-step.js';
export { HistoryReader, historySteps } from './history-steps.js';
export { jsonSchema, SCHEMA_NAMES, type JsonSchema, type SchemaName } from './json-schemas.js';
export type { AttachmentRow, ListFilter } from './list-attachments.js';
export { MooringClient } from './mooring-client.js';
export { OperationError, toOperationError, type OperationErrorType } from './operation-error.js';
export type { CallOptions, Operation } from './operation.js';
export { FAILURES, type FailureFacts, type FailureType } from '../contract/failures.js';
export type { AttachmentState } from '../contract/states.js';
export type { AttachRequest, AttachRequestInput } from '../model/attach-request.js';
export type { AttachResult, DetachResult, PathResult } from '../model/attach-result.js';
export type { AttachmentView } from '../model/attachment.js';
export type { DetachRequest, DetachRequestInput } from '../model/detach-request.js';
export type {
  AbandonRequestInput,
  ApprovalInput,
  PlanRequestInput,
  VolumeRequest,
} from '../model/operations.js';
export type { AbandonResult, PlannedStep, PlanResult, VerifyResult } from '../model/plan.js';
