import { z } from 'zod';
import { ADDRESSING_MODES } from '../contract/lun.js';
import { pathKey } from '../contract/path-key.js';
import { FIXED_BOUNDS } from '../contract/policy.js';
import { portalProblem } from '../contract/portal.js';
import { DISCOVERY_PROBLEM } from '../contract/request-problems.js';
import {
  ifaceSchema,
  lunSchema,
  portalSchema,
  secretRefSchema,
  targetNameSchema,
} from './formats.js';

/** One way to the volume. */
export const pathSchema = z.strictObject({
  portal: portalSchema,
  iqn: targetNameSchema,
  lun: lunSchema,
});
export type Path = z.infer<typeof pathSchema>;

/** One-way or mutual CHAP; the secret stays on the host, behind the reference. */
export const chapSchema = z.strictObject({
  username: z
    .string()
    .min(1, 'is empty')
    .max(255)
    .regex(/^[^\p{C}]*$/u, 'holds control characters'),
  secretRef: secretRefSchema,
});

/** How a volume is reached. `paths` or `discovery`, not both. */
export const connectionSchema = z
  .strictObject({
    paths: z
      .array(pathSchema)
      .min(1, 'is empty')
      .max(FIXED_BOUNDS.pathsMax)
      .superRefine((paths, check) => {
        const seen = new Map<string, number>();
        for (const [index, path] of paths.entries()) {
          // A portal that is no portal has its own error already.
          if (typeof path.portal !== 'string' || portalProblem(path.portal) !== undefined) continue;
          const key = pathKey(path);
          const first = seen.get(key);
          if (first === undefined) seen.set(key, index);
          else {
            check.addIssue({ code: 'custom', path: [index], message: `is the same as ${first}` });
          }
        }
      })
      .optional(),
    discovery: pathSchema.optional(),
    chap: chapSchema.optional(),
    mutualChap: chapSchema.optional(),
    iface: ifaceSchema.default('default'),
    addressingMode: z.enum(ADDRESSING_MODES).default('SAM'),
  })
  .superRefine((connection, check) => {
    if ((connection.paths === undefined) === (connection.discovery === undefined)) {
      const message = 'needs either paths or discovery, and not both';
      check.addIssue({ code: 'custom', path: ['paths'], message });
    }
    if (connection.discovery !== undefined) {
      check.addIssue({ code: 'custom', path: ['discovery'], message: DISCOVERY_PROBLEM });
    }
    if (connection.mutualChap !== undefined && connection.chap === undefined) {
      check.addIssue({ code: 'custom', path: ['mutualChap'], message: 'needs chap as well' });
    }
  });
