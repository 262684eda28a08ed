import { z } from 'zod';
import { HOST_ID_PATTERN, REQUEST_ID_PATTERN, VOLUME_ID_PATTERN } from '../contract/ids.js';
import { LUN_MAX, lunProblem } from '../contract/lun.js';
import { portalProblem } from '../contract/portal.js';
import { secretRefProblem } from '../contract/secret-ref.js';
import { targetNameProblem } from '../contract/target-name.js';
import { wwidProblem } from '../contract/wwid.js';

/** A string whose rule lives in the contract, so that client, sandbox and host judge alike. */
function text(problem: (value: string) => string | undefined): z.ZodString {
  return z.string().superRefine((value, check) => {
    const found = problem(value);
    if (found !== undefined) check.addIssue({ code: 'custom', message: found });
  });
}

/** Volume id of the caller. */
export const volumeIdSchema = z
  .string()
  .regex(VOLUME_ID_PATTERN, 'must be 1 to 128 letters, digits, dots, underscores, colons, dashes');
/** Configured name of a host; also names its task queue. */
export const hostIdSchema = z
  .string()
  .regex(HOST_ID_PATTERN, 'must be 1 to 63 lower-case letters, digits, dots and dashes');
/** Names one intent of a caller; becomes the update id. */
export const requestIdSchema = z
  .string()
  .regex(REQUEST_ID_PATTERN, 'must be 1 to 128 letters, digits, dots, underscores, colons, dashes');
/** `10.0.0.1:3260`, `[fd00::7]:3260`, `array.example:3260`. */
export const portalSchema = text(portalProblem);
/** iSCSI target name, kept as given. */
export const targetNameSchema = text(targetNameProblem);
/** LUN as the array's administrator writes it; addressing modes are applied later. */
export const lunSchema = z
  .number()
  .int()
  .min(0)
  .max(LUN_MAX)
  .superRefine((value, check) => {
    const found = lunProblem(value);
    if (found !== undefined) check.addIssue({ code: 'custom', message: found });
  });
/** WWID in any of the usual spellings. */
export const wwidSchema = text(wwidProblem);
/** `file:NAME`. */
export const secretRefSchema = text(secretRefProblem);
/** Name of an open-iscsi iface record. */
export const ifaceSchema = z
  .string()
  .regex(/^[A-Za-z0-9._:-]{1,64}$/, 'must be the name of an iface record');
/** Who or why, for the audit: one printable line. */
export const noteSchema = z
  .string()
  .max(256)
  .regex(/^[^\p{C}]*$/u, 'must be one printable line');
