import { readFile } from 'node:fs/promises';

/** What Linux counts processor time in, everywhere. */
const TICK_MS = 10;

/** Resident memory of a process, in MB. */
export async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8');
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return (Number(kibibytes) * 1_024) / 1_000_000;
}

/** Processor time of a process so far, in ms. */
export async function processorMs(pid: number): Promise<number> {
  return readProcessorMs(await readFile(`/proc/${String(pid)}/stat`, 'utf8'));
}

/** @param stat - text of `/proc/PID/stat` */
export function readProcessorMs(stat: string): number {
  // Fields 14 and 15; the second is a name and may hold blanks and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
