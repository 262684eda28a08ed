import { z } from 'zod';
import { ACCESS_MODES } from '../contract/ids.js';
import { POLICY_BOUNDS, POLICY_NAMES } from '../contract/policy.js';
import { MIN_PATHS_PROBLEM, SINGLE_PATH_PROBLEM } from '../contract/request-problems.js';
import { connectionSchema } from './connection.js';
import {
  hostIdSchema,
  noteSchema,
  requestIdSchema,
  volumeIdSchema,
  wwidSchema,
} from './formats.js';

export const MULTIPATH_MODES = ['required', 'preferred', 'off'] as const;
export const ON_BOOT_MODES = ['reattach', 'automatic', 'none'] as const;

/** Time bounds and counts a request may choose; what it leaves out has the default. */
export const policySchema = z.strictObject(
  Object.fromEntries(
    POLICY_NAMES.map((name) => {
      const { min, max, why } = POLICY_BOUNDS[name];
      return [name, z.number().int().min(min).max(max).optional().describe(why)];
    }),
  ) as Record<keyof typeof POLICY_BOUNDS, z.ZodOptional<z.ZodNumber>>,
);

/** What an attach wants; the same JSON for the client, the CLI, the update and the workflow. */
export const attachRequestSchema = z
  .strictObject({
    volumeId: volumeIdSchema,
    hostId: hostIdSchema,
    access: z.enum(ACCESS_MODES).default('exclusive'),
    connection: connectionSchema,
    expect: z
      .strictObject({
        wwid: wwidSchema.optional(),
        sizeBytes: z.number().int().positive().optional(),
      })
      .default({}),
    multipath: z.enum(MULTIPATH_MODES).default('preferred'),
    onBoot: z.enum(ON_BOOT_MODES).default('reattach'),
    policy: policySchema.default({}),
    requestId: requestIdSchema.optional(),
    requestedBy: noteSchema.optional(),
    reason: noteSchema.optional(),
  })
  .superRefine(({ policy, connection, multipath }, check) => {
    if (multipath === 'off' && (policy.minPaths ?? 1) > 1) {
      const path = ['policy', 'minPaths'];
      check.addIssue({ code: 'custom', path, message: SINGLE_PATH_PROBLEM });
    } else if (connection.paths !== undefined && (policy.minPaths ?? 1) > connection.paths.length) {
      check.addIssue({ code: 'custom', path: ['policy', 'minPaths'], message: MIN_PATHS_PROBLEM });
    }
  });

/** As written by a caller. */
export type AttachRequestInput = z.input<typeof attachRequestSchema>;
/** With every default filled in. */
export type AttachRequest = z.output<typeof attachRequestSchema>;
