/** Identity of a run's volume, the same for the same index. */
export function designator(index: number): string {
  return `6001405${(0xabc000 + index).toString(16).padStart(25, '0')}`;
}

/** As the kernel says it. */
export function kernelWwid(index: number): string {
  return `naa.${designator(index)}`;
}

/** As udev and multipathd say it. */
export function udevWwid(index: number): string {
  return `3${designator(index)}`;
}

/** An administrator's volume: on the own target, or beside ours. */
export const OWN_INDEX = 100;
export const BESIDE_INDEX = 200;
