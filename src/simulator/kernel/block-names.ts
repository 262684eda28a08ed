/** A kernel name with its device number. */
export interface BlockName {
  readonly block: string;
  /** `8:16` */
  readonly devNumber: string;
}

/** Majors of sd, 16 disks each (Documentation/admin-guide/devices.txt). */
const SD_MAJORS = [8, 65, 66, 67, 68, 69, 70, 71, 128, 129, 130, 131, 132, 133, 134, 135];
const DISKS_PER_MAJOR = 16;
const MINORS_PER_DISK = 16;
/** device-mapper takes the first free dynamic major; 253 on the kernels looked at. */
const DM_MAJOR = 253;

/** Allots kernel names as Linux does: the lowest number that is free. */
export class BlockNames {
  readonly #disks = new Set<number>();
  readonly #maps = new Set<number>();

  takeDisk(): BlockName {
    const index = takeLowest(this.#disks);
    const major = SD_MAJORS[Math.floor(index / DISKS_PER_MAJOR) % SD_MAJORS.length] ?? 8;
    const round = Math.floor(index / (DISKS_PER_MAJOR * SD_MAJORS.length));
    const minor = round * 256 + (index % DISKS_PER_MAJOR) * MINORS_PER_DISK;
    return { block: diskName(index), devNumber: `${major}:${minor}` };
  }

  freeDisk(block: string): void {
    this.#disks.delete(diskIndex(block));
  }

  takeMap(): BlockName & { readonly minor: number } {
    const minor = takeLowest(this.#maps);
    return { block: `dm-${minor}`, devNumber: `${DM_MAJOR}:${minor}`, minor };
  }

  freeMap(minor: number): void {
    this.#maps.delete(minor);
  }
}

export function takeLowest(taken: Set<number>): number {
  let lowest = 0;
  while (taken.has(lowest)) lowest += 1;
  taken.add(lowest);
  return lowest;
}

const LETTERS = 26;
const LETTER_A = 'a'.charCodeAt(0);

/** 0 is `sda`, 25 `sdz`, 26 `sdaa`. */
function diskName(index: number): string {
  let suffix = '';
  for (let rest = index; rest >= 0; rest = Math.floor(rest / LETTERS) - 1) {
    suffix = String.fromCharCode(LETTER_A + (rest % LETTERS)) + suffix;
  }
  return `sd${suffix}`;
}

function diskIndex(block: string): number {
  let index = -1;
  for (const letter of block.slice(2))
    index = (index + 1) * LETTERS + letter.charCodeAt(0) - LETTER_A;
  return index;
}
