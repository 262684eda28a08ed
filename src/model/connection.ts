import { z } from 'zod';
import { ADDRESSING_MODES } from '../contract/lun.js';
import { pathKey } from '../contract/path-key.js';
import { FIXED_BOUNDS } from '../contract/policy.js';
import { portalProblem } from '../contract/portal.js';
import { CREDENTIALS } from '../contract/request-problems.js';
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
    /** Asks this portal which portals the target has; the volume is looked for at all of them. */
    discovery: pathSchema.optional(),
    chap: chapSchema.optional(),
    mutualChap: chapSchema.optional(),
    discoveryChap: chapSchema.optional(),
    discoveryMutualChap: chapSchema.optional(),
    iface: ifaceSchema.default('default'),
    addressingMode: z.enum(ADDRESSING_MODES).default('SAM'),
  })
  .superRefine((connection, check) => {
    if ((connection.paths === undefined) === (connection.discovery === undefined)) {
      const message = 'needs either paths or discovery, and not both';
      check.addIssue({ code: 'custom', path: ['paths'], message });
    }
    for (const [name, needed] of CREDENTIALS) {
      if (needed === undefined || connection[name] === undefined) continue;
      if (connection[needed] !== undefined) continue;
      check.addIssue({ code: 'custom', path: [name], message: `needs ${needed} as well` });
    }
  });
