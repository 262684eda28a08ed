import { z } from 'zod';

/** One check before a removal, with what was seen. */
export const gateEvidenceSchema = z.object({
  gate: z.string(),
  passed: z.boolean(),
  evidence: z.string(),
});

/** One thing that would be done, or why it would not. */
export const plannedStepSchema = z.object({
  step: z.string().describe('what for people: write back map mpatha'),
  command: z.string().optional().describe('what would be run or written'),
  would: z.enum(['do', 'keep', 'refuse']),
  gates: z.array(gateEvidenceSchema),
});
export type PlannedStep = z.infer<typeof plannedStepSchema>;

/** What an operation would do now. Nothing was changed to find out. */
export const planResultSchema = z.object({
  volumeId: z.string(),
  hostId: z.string(),
  operation: z.enum(['detach', 'repair']),
  mode: z.enum(['normal', 'force']),
  possible: z.boolean().describe('false when a gate would refuse it'),
  steps: z.array(plannedStepSchema),
});
export type PlanResult = z.infer<typeof planResultSchema>;

/** What a look at the host says of the ledger. */
export const verifyResultSchema = z.object({
  volumeId: z.string(),
  hostId: z.string(),
  holds: z.boolean().describe('the host is as the ledger says'),
  differences: z.array(z.string()),
  bootId: z.string(),
});
export type VerifyResult = z.infer<typeof verifyResultSchema>;

/** How an abandoned attachment ended. */
export const abandonResultSchema = z.object({
  volumeId: z.string(),
  hostId: z.string(),
  state: z.literal('abandoned'),
  cleanup: z.string().describe('workflow that cleans the host up when it comes back'),
});
export type AbandonResult = z.infer<typeof abandonResultSchema>;
