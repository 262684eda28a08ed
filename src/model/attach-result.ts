import { z } from 'zod';
import { ATTACHMENT_STATES } from '../contract/states.js';
import { failureTypes, type FailureType } from '../contract/failures.js';
import { pathSchema } from './connection.js';

/** A failure as data. */
export const failureSummarySchema = z.object({
  type: z.enum(failureTypes() as [FailureType, ...FailureType[]]),
  message: z.string(),
});

/** One path as it is now. */
export const pathResultSchema = pathSchema.extend({
  state: z.enum(['present', 'missing']),
  device: z.string().optional().describe('/dev/sdX in this boot'),
  hctl: z.string().optional().describe('host:channel:target:lun in this boot'),
  sid: z.number().int().optional().describe('session number in this boot'),
  failure: failureSummarySchema.optional(),
});
export type PathResult = z.infer<typeof pathResultSchema>;

/** What an attach returns. */
export const attachResultSchema = z.object({
  volumeId: z.string(),
  hostId: z.string(),
  state: z.enum(ATTACHMENT_STATES),
  kind: z.enum(['multipath', 'single']),
  device: z.string().describe('/dev/dm-N or /dev/sdX; valid in this boot only'),
  stablePath: z.string().describe('a link that names the volume, the same after a reboot'),
  wwid: z.string().describe("in udev's form"),
  sizeBytes: z.number().int(),
  bootId: z.string(),
  paths: z.array(pathResultSchema),
  warnings: z.array(z.string()),
});
export type AttachResult = z.infer<typeof attachResultSchema>;

/** What a detach returns. */
export const detachResultSchema = z.object({
  volumeId: z.string(),
  hostId: z.string(),
  state: z.literal('detached'),
  wasAttached: z.boolean().describe('false when there was nothing to detach'),
  removed: z
    .array(z.string())
    .describe('what was taken away, in order: map, devices, sessions, records'),
  kept: z.array(z.string()).describe('what stayed because others use it'),
  warnings: z.array(z.string()),
});
export type DetachResult = z.infer<typeof detachResultSchema>;
