/** LUN numbers and how arrays want them addressed (os-brick.md 1.1). */

export const LUN_MAX = 65_535;

export const ADDRESSING_MODES = ['SAM', 'transparent', 'SAM2', 'SAM3-flat'] as const;
export type AddressingMode = (typeof ADDRESSING_MODES)[number];

/** Bit 14 marks flat space addressing (SAM-2 4.9.4). */
const FLAT_SPACE = 16_384;

/**
 * The number the kernel knows a LUN by: SAM and transparent as given, SAM2 flat from 256 on,
 * SAM3-flat always flat.
 */
export function kernelLun(lun: number, mode: AddressingMode): number {
  switch (mode) {
    case 'SAM':
    case 'transparent':
      return lun;
    case 'SAM2':
      return lun >= 256 ? lun + FLAT_SPACE : lun;
    case 'SAM3-flat':
      return lun + FLAT_SPACE;
  }
}

/** Says what is wrong with a LUN, or `undefined`. */
export function lunProblem(lun: unknown): string | undefined {
  if (typeof lun !== 'number') return 'must be a number, not text';
  if (!Number.isInteger(lun) || lun < 0 || lun > LUN_MAX) {
    return `must be a whole number from 0 to ${LUN_MAX}`;
  }
  return undefined;
}
