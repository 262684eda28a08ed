import { z } from 'zod';
import { hostIdSchema, noteSchema, requestIdSchema, volumeIdSchema } from './formats.js';

export const DETACH_MODES = ['normal', 'force'] as const;

/** What a detach wants. What to undo is in the ledger, not with the caller. */
export const detachRequestSchema = z.strictObject({
  volumeId: volumeIdSchema,
  hostId: hostIdSchema,
  mode: z.enum(DETACH_MODES).default('normal'),
  requestId: requestIdSchema.optional(),
  requestedBy: noteSchema.optional(),
  reason: noteSchema.optional(),
});

export type DetachRequestInput = z.input<typeof detachRequestSchema>;
export type DetachRequest = z.output<typeof detachRequestSchema>;
