import { z } from 'zod';
import { hostIdSchema, noteSchema, requestIdSchema, volumeIdSchema } from './formats.js';
import { DETACH_MODES } from './detach-request.js';

/** Which attachment an operation is for, and who asks. */
const operationSchema = z.strictObject({
  volumeId: volumeIdSchema,
  hostId: hostIdSchema,
  requestId: requestIdSchema.optional(),
  requestedBy: noteSchema.optional(),
  reason: noteSchema.optional(),
});

/** What a person states must be there, and not blank. */
const statementSchema = noteSchema.refine((text) => text.trim() !== '', 'must be given, as text');

/** A look at the volume, or the repair of its paths. */
export const volumeRequestSchema = operationSchema;
export type VolumeRequest = z.output<typeof volumeRequestSchema>;

/** What a detach or a repair would do. */
export const planRequestSchema = operationSchema.extend({
  operation: z.enum(['detach', 'repair']).default('detach'),
  mode: z.enum(DETACH_MODES).default('normal'),
});
export type PlanRequest = z.output<typeof planRequestSchema>;
export type PlanRequestInput = z.input<typeof planRequestSchema>;

/** A person's decision on a step that loses data. */
export const approvalSchema = operationSchema.extend({
  decision: z.enum(['approve', 'refuse']).default('approve'),
  requestedBy: statementSchema.describe('who decides'),
  reason: statementSchema.describe('why'),
});
export type Approval = z.output<typeof approvalSchema>;
export type ApprovalInput = z.input<typeof approvalSchema>;

/** A person's statement that a host is gone for good. */
export const abandonRequestSchema = operationSchema.extend({
  evenIfAlive: statementSchema
    .optional()
    .describe('why the volume is given up although the host’s worker still answers'),
  requestedBy: statementSchema.describe('who states it'),
  reason: statementSchema.describe('how that is known'),
});
export type AbandonRequest = z.output<typeof abandonRequestSchema>;
export type AbandonRequestInput = z.input<typeof abandonRequestSchema>;
